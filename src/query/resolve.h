#pragma once
/*
 * Which feature group a table name of SQL means. A group is reachable by its own name and by the
 * name of its Glue table, plain or in the schema sagemaker_featurestore (its own database, where
 * one was configured); a deleted group by the Glue table's name alone, since its name may have been
 * given again. The exact case first, then any case where that leaves one group. Pure.
 */
#include "offline/duck.h"
#include "schema/catalog.h"

#define RESOLVE_SCHEMA "sagemaker_featurestore"

/*
 * ERR_NOT_FOUND names the table and those with names near it; ERR_INVALID names the groups between
 * which the name does not decide. The group holds as long as the catalog.
 */
NODISCARD enum code resolve_table(const struct catalog *catalog, const struct duck_name *name,
                                  struct arena *arena, const struct group **ret, struct err *err);

/* As resolve_table for the groups of a dataset: a name of a live group, without SQL's rules. */
NODISCARD enum code resolve_group(const struct catalog *catalog, struct str name,
                                  struct arena *arena, const struct group **ret, struct err *err);
