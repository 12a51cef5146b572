#pragma once
/*
 * Event times in a Parquet DOUBLE column. The journal has the exact instant of a Fractional event
 * time's text; the file has the double that is nearest to that text. Back from the double, the
 * instant is that of the decimal a person would have written: the one with the fewest fraction
 * digits (at most 9) that reads back as this double. So 1751378587.421 means .421000000, although
 * the double is a little more. Where even that differs from the exact instant, a sidecar tells it
 * (parquet.h). Pure.
 */
#include "core/instant.h"

NODISCARD enum code event_time_of_double(double seconds, struct instant *ret, struct err *err);

/* The double nearest to the instant. */
double event_time_to_double(struct instant instant);
