/* SPDX-License-Identifier: MIT */
/* The types of the migration's properties, and their enumerated values. */
#include "core/attr.h"
#include "core/str.h"
#include "handlers/migrations/dialect_private.h"

/* ---- words -----------------------------------------------------------------------------------------------
 */

/* In the order in which the service introduced them. */
static const struct {
    const char *word;
    unsigned since;
} source_types[] = {
    {"OnPremises", FAMILY_C2},
    {"AWS", FAMILY_C2},
    {"GCP", FAMILY_C2},
    {"AzureVM", FAMILY_C2},
    {"PostgreSQLSingleServer", FAMILY_C2},
    {"AWS_RDS", FAMILY_C3},
    {"AWS_AURORA", FAMILY_C3},
    {"AWS_EC2", FAMILY_C3},
    {"GCP_CloudSQL", FAMILY_C3},
    {"GCP_AlloyDB", FAMILY_C3},
    {"GCP_Compute", FAMILY_C3},
    {"EDB", FAMILY_C3},
    {"EDB_Oracle_Server", FAMILY_C4},
    {"EDB_PostgreSQL", FAMILY_C4},
    {"PostgreSQLFlexibleServer", FAMILY_C4},
    {"PostgreSQLCosmosDB", FAMILY_C4},
    {"Huawei_RDS", FAMILY_C4},
    {"Huawei_Compute", FAMILY_C4},
    {"Heroku_PostgreSQL", FAMILY_C4},
    {"Crunchy_PostgreSQL", FAMILY_C4},
    {"ApsaraDB_RDS", FAMILY_C4},
    {"Digital_Ocean_Droplets", FAMILY_C4},
    {"Digital_Ocean_PostgreSQL", FAMILY_C4},
    {"Supabase_PostgreSQL", FAMILY_C4},
};
static const char *const ssl_modes[] = {"Prefer", "Require", "VerifyCA", "VerifyFull"};

const char *dialect_source_type(const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(source_types); i++) {
        if (str_iequals(source_types[i].word, text)) {
            return source_types[i].word;
        }
    }
    return NULL;
}

bool dialect_has_source_type(unsigned version, const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(source_types); i++) {
        if (str_equals(source_types[i].word, type)) {
            return version >= source_types[i].since;
        }
    }
    return false;
}

const char *dialect_ssl_mode(const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(ssl_modes); i++) {
        if (str_iequals(ssl_modes[i], text)) {
            return ssl_modes[i];
        }
    }
    return NULL;
}

const char *dialect_shown_ssl_mode(const struct migration_spec *spec)
{
    bool single = str_equals(spec->source_type, "PostgreSQLSingleServer");
    return spec->ssl_mode != NULL ? spec->ssl_mode : single ? "VerifyFull" : "Prefer";
}

/* ---- their OpenAPI ---------------------------------------------------------------------------------------
 */

json_t *dialect_describe_words(enum vocabulary vocabulary, int count, word_is_known_fn *is_known,
                               unsigned version)
{
    json_t *words = json_array();
    for (int i = 0; i < count; i++) {
        if (is_known == NULL || is_known(version, i)) {
            json_array_append_new(words, json_string(word_of(vocabulary, i)));
        }
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", words);
}

static json_t *describe_mode(const struct property *row, unsigned version)
{
    (void)row;
    return dialect_describe_words(WORDS_MIGRATION_MODE, MODE_COUNT, NULL, version);
}

static json_t *describe_option(const struct property *row, unsigned version)
{
    (void)row;
    return dialect_describe_words(WORDS_MIGRATION_OPTION, MIGRATION_OPTION_COUNT, NULL, version);
}

static json_t *describe_source_type(const struct property *row, unsigned version)
{
    (void)row;
    json_t *words = json_array();
    for (size_t i = 0; i < ARRAY_LEN(source_types); i++) {
        if (version >= source_types[i].since) {
            json_array_append_new(words, json_string(source_types[i].word));
        }
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", words);
}

static json_t *describe_ssl_mode(const struct property *row, unsigned version)
{
    (void)row;
    (void)version;
    json_t *words = json_array();
    for (size_t i = 0; i < ARRAY_LEN(ssl_modes); i++) {
        json_array_append_new(words, json_string(ssl_modes[i]));
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", words);
}

static bool state_is_known(unsigned version, int state)
{
    return dialect_state_word(version, (enum migration_state)state) == word_of(WORDS_MIGRATION_STATE, state);
}

static bool substate_is_known(unsigned version, int substate)
{
    return dialect_substate_word(version, (enum migration_substate)substate) ==
           word_of(WORDS_SUBSTATE, substate);
}

static json_t *describe_state(const struct property *row, unsigned version)
{
    (void)row;
    return dialect_describe_words(WORDS_MIGRATION_STATE, STATE_COUNT, state_is_known, version);
}

static json_t *describe_substate(const struct property *row, unsigned version)
{
    (void)row;
    return dialect_describe_words(WORDS_SUBSTATE, SUB_COUNT, substate_is_known, version);
}

/* ---- the kinds -------------------------------------------------------------------------------------------
 */

/* clang-format off */
#define KIND(compared, name) \
    .read = dialect_read_##name, .same = dialect_same_##compared, .copy = dialect_copy_##compared, \
    .write = dialect_write_##name
const struct property_type type_text = {"string", KIND(text, text)};
const struct property_type type_names = {"[]string", KIND(names, names)};
const struct property_type type_flag = {"boolean", KIND(flag, flag)};
const struct property_type type_flag_word = {
    .schema = "True|False", .read = dialect_read_flag, .same = dialect_same_flag, .copy = dialect_copy_flag,
    .write = dialect_write_flag_word};
const struct property_type type_time = {"date-time", KIND(time, time)};
const struct property_type type_mode = {KIND(word, mode), .describe = describe_mode};
const struct property_type type_option = {KIND(word, option), .describe = describe_option};
const struct property_type type_source_type = {KIND(text, source_type), .describe = describe_source_type};
const struct property_type type_ssl_mode = {
    .read = dialect_read_ssl_mode, .same = dialect_same_ssl_mode, .copy = dialect_copy_text,
    .write = dialect_write_ssl_mode, .describe = describe_ssl_mode};
const struct property_type type_migration_tags = {
    .schema = "{}string", .read = dialect_read_tags, .write = dialect_write_tags};
const struct property_type type_migration_location = {
    .schema = "string", .read = dialect_read_location, .write = dialect_write_location};
const struct property_type type_state_word = {.describe = describe_state};
const struct property_type type_substate_word = {.describe = describe_substate};
/* clang-format on */
