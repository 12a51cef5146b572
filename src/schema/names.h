#pragma once
/*
 * Names and patterns of the contract (1.4, 1.5), each checked by a hand-written automaton in one
 * pass: no regular expression engine sees client bytes. Pure.
 */
#include "core/base.h"
#include "core/str.h"

/* `[a-zA-Z0-9]([-_]*[a-zA-Z0-9]){0,63}` and 1 to 64 characters: group names and feature names
 * alike. */
bool name_is_valid(struct str name);

/* Reserved feature names (contract 2.2), compared without case. */
bool name_is_reserved(struct str feature);

struct identity {
    struct str account; /* 12 digits */
    struct str region;
    struct str partition; /* "aws" */
};

/* A group given by name or ARN. For an ARN, account and region are views into it; else absent. */
struct group_reference {
    struct str name;
    struct str account;
    struct str region;
};

/* ERR_INVALID when it is of neither form or longer than bytes_max. */
NODISCARD enum code group_reference_parse(struct str text, size_t bytes_max,
                                          struct group_reference *ret, struct err *err);

bool arn_is_role(struct str text);                               /* RoleArn, 20 to 2048 */
bool uri_is_store(struct str text);                              /* S3Uri, at most 1024 */
bool key_is_kms(struct str text);                                /* KmsKeyId, at most 2048 */
bool tag_text_is_valid(struct str text, size_t min, size_t max); /* `[\p{L}\p{Z}\p{N}_.:/=+\-@]*` */
bool parameter_text_is_valid(struct str text);                   /* 1 to 255, as tags without '@' */

/* The front of a client's text for an error message, cut between two characters. */
struct str text_shown(struct str text);
