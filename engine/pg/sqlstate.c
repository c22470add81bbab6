/* SPDX-License-Identifier: MIT */
#include "engine/pg/sqlstate.h"

#include <string.h>

bool sqlstate_is(const char *sqlstate, const char *state)
{
    return strncmp(sqlstate, state, strlen(state)) == 0;
}

bool sqlstate_is_one_of(const char *sqlstate, const char *const *states, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sqlstate_is(sqlstate, states[i])) {
            return true;
        }
    }
    return false;
}
