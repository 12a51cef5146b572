/* POST /v1/uploads, PUT /v1/uploads/{id}/{part}: a file for a dataset, in parts. */
#include "api/api_priv.h"
#include "api/query_pool.h"

enum code api_upload_begin(struct call *call, struct err *err)
{
    struct str id;

    TRY(uploads_begin(query_pool_uploads(call->api->queries), call, &id, err));
    buf_add(call->out, STR("{\"UploadId\":"));
    buf_add_json(call->out, id);
    buf_add_byte(call->out, '}');
    return OK;
}

enum code api_upload_part(struct call *call, struct err *err)
{
    uint64_t number = 0;

    if (str_to_u64(call->path_arguments[1], UINT32_MAX, &number, NULL) != OK)
        return err_set(err, ERR_INVALID, "expected the number of a part, from 0, found '%.*s'",
                       STR_ARG(text_shown(call->path_arguments[1])));
    return uploads_add(query_pool_uploads(call->api->queries), call, call->path_arguments[0],
                       number, err);
}
