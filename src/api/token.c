/*
 * Pagination tokens: 16 bytes of an HMAC over (operation, access key, state), then the state, in
 * hex. They hold across restarts, since the key comes from the data folder's secret, and only for
 * whoever got them.
 */
#include "api/api_priv.h"

enum { MAC_BYTES = 16 };

static struct sha256 token_mac(const struct call *call, struct str state)
{
    struct str bound = arena_format(call->arena, "%s\n%.*s\n%.*s", call->operation->name,
                                    STR_ARG(call->principal.access_key), STR_ARG(state));

    return sha256_hmac(
        (struct str){(const char *)call->api->token_key.bytes, sizeof(call->api->token_key.bytes)},
        bound);
}

static void hex_add(struct buf *out, const void *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;

    for (size_t i = 0; i < count; i++) {
        buf_add_byte(out, digits[from[i] >> 4]);
        buf_add_byte(out, digits[from[i] & 15]);
    }
}

struct str token_make(struct call *call, struct str state)
{
    struct sha256 mac = token_mac(call, state);
    struct buf text = {0};

    hex_add(&text, mac.bytes, MAC_BYTES);
    hex_add(&text, state.ptr, state.len);
    struct str token = arena_str(call->arena, buf_str(&text));
    buf_release(&text);
    return token;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool hex_read(struct str hex, unsigned char *bytes)
{
    for (size_t i = 0; i + 1 < hex.len; i += 2) {
        int high = hex_value(hex.ptr[i]);
        int low = hex_value(hex.ptr[i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (unsigned char)(high * 16 + low);
    }
    return true;
}

enum code token_read(struct call *call, struct str token, struct str *ret_state, struct err *err)
{
    unsigned char *bytes = ARENA_NEW(call->arena, unsigned char, token.len / 2 + 1);
    bool is_good = token.len % 2 == 0 && token.len / 2 >= MAC_BYTES && hex_read(token, bytes);

    if (is_good) {
        struct str state = {(const char *)bytes + MAC_BYTES, token.len / 2 - MAC_BYTES};
        struct sha256 mac = token_mac(call, state);
        is_good = sha256_bytes_equal(mac.bytes, bytes, MAC_BYTES);
        if (is_good)
            *ret_state = state;
    }
    if (!is_good)
        return err_set(
            err, ERR_INVALID,
            "Invalid NextToken: expected the NextToken that a previous %s answered to the "
            "same caller",
            call->operation->name);
    return OK;
}
