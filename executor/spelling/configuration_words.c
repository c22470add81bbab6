/* SPDX-License-Identifier: MIT */
#include "executor/spelling/configuration_words.h"

#include <stddef.h>

#include "core/attr.h"
#include "core/str.h"

const char replication_support[] = "azure.replication_support";
const char allowed_extensions[] = "azure.extensions";

static const char *const words[][2] = {
    {"minimal", "OFF"}, {"replica", "REPLICA"}, {"hot_standby", "REPLICA"}, {"logical", "LOGICAL"}};

static const char *translate(const char *text, size_t from, size_t to)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_iequals(text, words[i][from])) {
            return words[i][to];
        }
    }
    return NULL;
}

const char *replication_word(const char *wal_level)
{
    return translate(wal_level, 0, 1);
}

const char *replication_wal_level(const char *word)
{
    return translate(word, 1, 0);
}
