#pragma once
/*
 * Whose signature the command line uses. A credentials file is of the AWS form: sections with
 * aws_access_key_id, aws_secret_access_key and aws_session_token.
 */
#include "cli/client.h"
#include "config/options.h"

/* A variable of the environment; absent where it is not set or empty. */
struct str environment_text(const char *name);

/*
 * The keys of a section ("" takes the first one). Errors name the file by `name`, the section and
 * what is missing. Pure; views into text.
 */
NODISCARD enum code identity_parse(struct str text, const char *name, struct str profile,
                                   struct client_identity *ret, struct err *err);

/*
 * --credentials or --profile; else AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; else the file of
 * ASOF_CREDENTIALS; else that of AWS_SHARED_CREDENTIALS_FILE. The region is --region, AWS_REGION,
 * AWS_DEFAULT_REGION or us-east-1.
 */
NODISCARD enum code identity_find(const struct os *os, const struct options *options,
                                  struct arena *arena, struct client_identity *ret,
                                  struct err *err);
