#pragma once
/* Every bound of the program, by name. Contract numbers carry their section. */

enum {
    /* contract 1.4, 1.5, 2.5 */
    LIMIT_GROUP_NAME_BYTES = 64,
    LIMIT_GROUP_NAME_OR_ARN_RUNTIME = 150,
    LIMIT_GROUP_NAME_OR_ARN_CONTROL = 256,
    LIMIT_FEATURE_NAME_BYTES = 64,
    LIMIT_FEATURES = 2500,
    LIMIT_FEATURE_ADDITIONS = 100,
    LIMIT_VALUE_CHARACTERS = 358400,
    LIMIT_RECORD_BYTES = 358400, /* all values but the identifier's and the event time's */
    LIMIT_IDENTIFIER_BYTES = 2048,
    LIMIT_BATCH_GET_IDENTIFIERS = 100,
    LIMIT_BATCH_GET_RECORDS = 100, /* in all, per call */
    LIMIT_BATCH_WRITE_ENTRIES = 25,
    LIMIT_UPDATE_FEATURES = 100,
    LIMIT_LIST_RECORDS = 100,
    LIMIT_LIST_RECORDS_DEFAULT = 10,
    LIMIT_TAGS = 50,
    LIMIT_TAG_KEY_CHARACTERS = 128,
    LIMIT_TAG_VALUE_CHARACTERS = 256,
    LIMIT_PARAMETERS = 25, /* of one feature */
    LIMIT_CAPACITY_UNITS = 10000000,
    LIMIT_PAGE = 100, /* MaxResults of lists */
    LIMIT_PAGE_DEFAULT = 10,
    LIMIT_SEARCH_CONDITIONS = 50, /* of one SearchExpression, nested ones included */
    LIMIT_GROUPS_DEFAULT = 100,

    /* reliability.md S1 to S3 */
    LIMIT_HTTP_URI_BYTES = 8 * 1024,
    LIMIT_HTTP_HEADER_BYTES = 16 * 1024,
    LIMIT_HTTP_HEADERS = 100,
    LIMIT_HTTP_HEADER_DEADLINE_MS = 10 * 1000,
    LIMIT_HTTP_IDLE_MS = 60 * 1000,
    LIMIT_HTTP_BODY_RATE_GRACE_MS = 5 * 1000,
    LIMIT_HTTP_BODY_RATE_BYTES = 1024, /* a second, after the grace */
    LIMIT_HTTP_WRITE_DEADLINE_MS = 30 * 1000,
    LIMIT_HTTP_CHUNK_EXTENSION = 256,
    LIMIT_BODY_CONTROL = 4 * 1024 * 1024,
    LIMIT_BODY_PUT = 4 * 1024 * 1024,
    /* 25 records of 350 KiB with every character escaped as \uXXXX (six bytes a byte), and names */
    LIMIT_BODY_BATCH_WRITE = 56 * 1024 * 1024,
    LIMIT_BODY_BATCH_GET = 4 * 1024 * 1024,
    LIMIT_BODY_UPLOAD_PART = 16 * 1024 * 1024,
    LIMIT_BODIES_IN_FLIGHT = 256 * 1024 * 1024, /* of all connections */
    LIMIT_RESPONSE_BYTES = 64 * 1024 * 1024,    /* in memory, of one response */

    LIMIT_CREDENTIALS_BYTES = 1024 * 1024, /* of the credentials file */

    LIMIT_JOURNAL_BLOCK_BYTES = 4096,
    LIMIT_JOURNAL_BATCH_BYTES = 8 * 1024 * 1024, /* a turn stops taking writes beyond this */
    LIMIT_JOURNAL_ENTRY_BYTES = 1024 * 1024,
    LIMIT_WRITE_QUEUE = 16384, /* jobs waiting for the writer */
    LIMIT_RETRY_KEYS = 1 << 18,

    LIMIT_FLUSH_RANGE_BYTES = 64 * 1024 * 1024, /* of journal, taken by one flush */
    LIMIT_QUERIES = 4,                          /* at once */
    LIMIT_QUERY_SQL_BYTES = 1024 * 1024,
    LIMIT_QUERY_TABLES = 256,    /* that one statement or dataset refers to */
    LIMIT_QUERY_RESULT_GIB = 16, /* of a result file, and of each file that is spilled */
    LIMIT_QUERY_SPILL_GIB = 64,
    LIMIT_UPLOADS = 16, /* open at once */
    LIMIT_UPLOAD_MIB = 4096,
    LIMIT_UPLOAD_AGE_S = 3600,
    LIMIT_WORKER_MESSAGE_BYTES = 16 * 1024 * 1024,
};
