#pragma once
/*
 * Messages between the server and its workers over a socket pair: u32 length of type and payload,
 * u8 type, payload (little endian; FORMATS.md). Lengths over LIMIT_WORKER_MESSAGE_BYTES end the
 * worker. Each side treats the other's bytes as input.
 */
#include "core/buf.h"
#include "core/str.h"

enum message_type {
    MESSAGE_FAILED = 1, /* u8 code, text: the worker's answer when it could not */
    /* flush: server to worker */
    MESSAGE_FILE_OPEN, /* paths, write time, schema */
    MESSAGE_FILE_ROWS, /* journal entries, as stored */
    MESSAGE_FILE_CLOSE,
    MESSAGE_FILE_DONE, /* worker to server: bytes, has_sidecar */
    /* query: see worker/query_message.h */
    MESSAGE_QUERY,        /* the request: kind, SQL or dataset, format, limits */
    MESSAGE_TABLE_WANTED, /* worker to server: the table names that it refers to */
    MESSAGE_TABLE,        /* a name's group; MESSAGE_TABLE_NONE when there is no such table */
    MESSAGE_TABLE_NONE,
    MESSAGE_TABLE_FILES, /* of a group */
    MESSAGE_TABLE_ROWS,  /* unflushed rows, as stored entries */
    MESSAGE_TABLE_END,   /* all is told */
    MESSAGE_QUERY_DONE,  /* worker to server: rows of the result file */
};

/* Blocking; ERR_IO when the peer is gone or the deadline passed (timeout_ms < 0: none). */
NODISCARD enum code message_send(int socket, enum message_type type, struct str payload,
                                 int timeout_ms, struct err *err);
/* Payload replaces what is in `payload`. */
NODISCARD enum code message_receive(int socket, enum message_type *ret_type, struct buf *payload,
                                    int timeout_ms, struct err *err);
