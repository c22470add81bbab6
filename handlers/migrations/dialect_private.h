/* SPDX-License-Identifier: MIT */
/* The types in the migration's description. Records are struct dialect_request, or the struct
 * migration_spec at its beginning; subjects are struct migration_view with its dialect. Static data, any
 * thread. */
#ifndef HANDLERS_MIGRATIONS_DIALECT_PRIVATE_H
#define HANDLERS_MIGRATIONS_DIALECT_PRIVATE_H

#include "handlers/migrations/dialect.h"

/* dialect_types.c */
extern const struct property_type type_text, type_names, type_flag, type_flag_word, type_time, type_mode,
    type_option, type_source_type, type_ssl_mode, type_migration_tags, type_migration_location,
    type_state_word, type_substate_word;

/* ---- reading: dialect_read.c -----------------------------------------------------------------------------
 */

int dialect_read_text(const struct property *row, json_t *value, const char *path, struct err *err,
                      void *record);
int dialect_read_names(const struct property *row, json_t *value, const char *path, struct err *err,
                       void *record);
int dialect_read_flag(const struct property *row, json_t *value, const char *path, struct err *err,
                      void *record);
int dialect_read_time(const struct property *row, json_t *value, const char *path, struct err *err,
                      void *record);
int dialect_read_mode(const struct property *row, json_t *value, const char *path, struct err *err,
                      void *record);
int dialect_read_option(const struct property *row, json_t *value, const char *path, struct err *err,
                        void *record);
int dialect_read_source_type(const struct property *row, json_t *value, const char *path, struct err *err,
                             void *record);
int dialect_read_ssl_mode(const struct property *row, json_t *value, const char *path, struct err *err,
                          void *record);
int dialect_read_tags(const struct property *row, json_t *value, const char *path, struct err *err,
                      void *record);
int dialect_read_location(const struct property *row, json_t *value, const char *path, struct err *err,
                          void *record);

/* ---- comparing and copying: dialect_merge.c --------------------------------------------------------------
 */

bool dialect_same_text(const struct property *row, const void *a, const void *b);
bool dialect_same_names(const struct property *row, const void *a, const void *b);
bool dialect_same_flag(const struct property *row, const void *a, const void *b);
bool dialect_same_time(const struct property *row, const void *a, const void *b);
bool dialect_same_word(const struct property *row, const void *a, const void *b);
bool dialect_same_ssl_mode(const struct property *row, const void *a, const void *b);
bool dialect_copy_text(const struct property *row, const void *from, void *to);
bool dialect_copy_names(const struct property *row, const void *from, void *to);
bool dialect_copy_flag(const struct property *row, const void *from, void *to);
bool dialect_copy_time(const struct property *row, const void *from, void *to);
bool dialect_copy_word(const struct property *row, const void *from, void *to);

/* ---- showing: dialect_write.c ----------------------------------------------------------------------------
 */

json_t *dialect_write_text(const struct property *row, const void *subject);
json_t *dialect_write_names(const struct property *row, const void *subject);
json_t *dialect_write_flag(const struct property *row, const void *subject);
json_t *dialect_write_flag_word(const struct property *row, const void *subject);
json_t *dialect_write_time(const struct property *row, const void *subject);
json_t *dialect_write_mode(const struct property *row, const void *subject);
json_t *dialect_write_option(const struct property *row, const void *subject);
json_t *dialect_write_source_type(const struct property *row, const void *subject);
json_t *dialect_write_ssl_mode(const struct property *row, const void *subject);
json_t *dialect_write_tags(const struct property *row, const void *subject);
json_t *dialect_write_location(const struct property *row, const void *subject);
json_t *dialect_write_run_id(const struct property *row, const void *subject);
json_t *dialect_write_id(const struct property *row, const void *subject);
json_t *dialect_write_name(const struct property *row, const void *subject);
json_t *dialect_write_type(const struct property *row, const void *subject);
json_t *dialect_write_details_level(const struct property *row, const void *subject);
json_t *dialect_write_current_status(const struct property *row, const void *subject);
json_t *dialect_write_target_id(const struct property *row, const void *subject);
json_t *dialect_write_source_metadata(const struct property *row, const void *subject);
json_t *dialect_write_target_metadata(const struct property *row, const void *subject);

/* ---- words: dialect_types.c, dialect_status.c ------------------------------------------------------------
 */

/* The service's spelling of a source type or ssl mode given in any case, or NULL. */
const char *dialect_source_type(const char *text);
const char *dialect_ssl_mode(const char *text);
/* Whether a version has this source type: clients of older versions do not know later ones. */
bool dialect_has_source_type(unsigned version, const char *type);
/* The state in a version: one that it does not have is replaced by the closest that it has. */
const char *dialect_state_word(unsigned version, enum migration_state state);
const char *dialect_substate_word(unsigned version, enum migration_substate substate);

/* OpenAPI of a string with these words; is_known (may be NULL) leaves some out. */
typedef bool word_is_known_fn(unsigned version, int word);
json_t *dialect_describe_words(enum vocabulary vocabulary, int count, word_is_known_fn *is_known,
                               unsigned version);

#endif
