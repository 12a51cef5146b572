/* The head of a response. Nothing a client sent is copied into it. */
#include "net/http.h"

#include "core/instant.h"

#include <stdio.h>

const char *http_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {417, "Expectation Failed"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };

    for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "Unknown";
}

void http_date(int64_t now_us, char ret[HTTP_DATE_BYTES])
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970 began on a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct instant now = instant_from_us(now_us < 0 ? 0 : now_us);
    struct civil civil = instant_civil(now);
    size_t day = (size_t)(now.seconds / 86400 % 7);

    assert(civil.month >= 1 && civil.month <= 12);
    /* The remainders say no more than what the fields hold: that the text fits. */
    (void)snprintf(ret, HTTP_DATE_BYTES, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", days + 3 * day,
                   (unsigned)civil.day % 100U, months + 3 * ((size_t)civil.month - 1),
                   (unsigned)civil.year % 10000U, (unsigned)civil.hour % 100U,
                   (unsigned)civil.minute % 100U, (unsigned)civil.second % 100U);
}

static char *put(char *at, struct str text)
{
    assert(text.ptr != NULL);
    memcpy(at, text.ptr, text.len);
    return at + text.len;
}

static char *put_number(char *at, uint64_t value)
{
    char digits[20];
    size_t i = sizeof(digits);

    do {
        digits[--i] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return put(at, (struct str){digits + i, sizeof(digits) - i});
}

void http_response_head(const struct http_response *response, const char *date, bool is_closing,
                        bool is_http_1_0, struct buf *out)
{
    struct str text = str_from(http_status_text(response->status));
    /* The fixed parts are under 200 bytes. */
    size_t room =
        256 + text.len + response->content_type.len + HTTP_DATE_BYTES + response->headers.len;
    char *start = buf_reserve(out, room);
    char *at = start;

    assert(response->status >= 100 && response->status <= 999);
    if (start == NULL)
        return;
    at = put(at, STR("HTTP/1.1 "));
    at = put_number(at, (uint64_t)response->status);
    *at++ = ' ';
    at = put(at, text);
    at = put(at, STR("\r\nDate: "));
    at = put(at, str_from(date));
    if (!str_is_absent(response->content_type)) {
        at = put(at, STR("\r\nContent-Type: "));
        at = put(at, response->content_type);
    }
    at = put(at, STR("\r\nContent-Length: "));
    at = put_number(at, response->file >= 0 ? response->file_bytes : response->body.len);
    if (is_closing)
        at = put(at, STR("\r\nConnection: close"));
    else if (is_http_1_0)
        at = put(at, STR("\r\nConnection: keep-alive"));
    at = put(at, STR("\r\n"));
    if (response->headers.len > 0)
        at = put(at, buf_str(&response->headers));
    at = put(at, STR("\r\n"));
    assert((size_t)(at - start) <= room);
    out->len += (size_t)(at - start);
}
