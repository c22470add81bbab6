/* SPDX-License-Identifier: MIT */
/*
 * Parses the table of contents of a custom archive: a header, the number of entries, then the entries. An
 * integer is a sign byte and a fixed number of bytes, least significant first; a string is an integer
 * length (-1: none) and its bytes.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "engine/dump/archive.h"

/* pg_dump numbers all objects of the database from 1. The largest number determines the memory for the
 * index of entries, and a damaged archive must not choose that: limit it to 32 MiB. */
enum { FORMAT_CUSTOM = 1, OLDEST = 113, NEWEST = 116, ID_MAX = 1 << 23 };

struct reader {
    char *at;
    char *end;
    size_t int_bytes;
    size_t offset_bytes;
    int format; /* 116 for 1.16 */
    bool failed;
};

static unsigned read_byte(struct reader *reader)
{
    if (reader->at >= reader->end) {
        reader->failed = true;
        return 0;
    }
    return (unsigned char)*reader->at++;
}

static int read_int(struct reader *reader)
{
    bool negative = read_byte(reader) != 0;
    uint64_t value = 0;
    for (size_t i = 0; i < reader->int_bytes; i++) {
        value |= (uint64_t)read_byte(reader) << (8 * i);
    }
    if (reader->failed || value > INT_MAX) {
        reader->failed = true;
        return 0;
    }
    return negative ? -(int)value : (int)value;
}

/* Strings stay in the file's buffer: each moves one byte towards the beginning, over the last byte of its
 * length, which makes room for the terminating NUL. */
static const char *read_text(struct reader *reader)
{
    int len = read_int(reader);
    if (reader->failed || len > reader->end - reader->at) {
        reader->failed = true;
        return "";
    }
    if (len <= 0) {
        return "";
    }
    char *text = reader->at - 1;
    memmove(text, reader->at, (size_t)len);
    text[len] = '\0';
    reader->at += len;
    return text;
}

static uint32_t read_oid(struct reader *reader)
{
    int64_t value = 0;
    return str_to_int(read_text(reader), 0, UINT32_MAX, &value) ? (uint32_t)value : 0;
}

static void read_header(struct reader *reader, struct err *err)
{
    if (reader->end - reader->at < 11 || memcmp(reader->at, "PGDMP", 5) != 0) {
        reader->failed = true;
        return;
    }
    reader->at += 5;
    int major = (int)read_byte(reader);
    reader->format = major * 100 + (int)read_byte(reader);
    read_byte(reader); /* revision */
    reader->int_bytes = read_byte(reader);
    reader->offset_bytes = read_byte(reader);
    if (reader->format < OLDEST || reader->format > NEWEST) {
        err_set(err, ERR_INTERNAL,
                "pg_dump wrote an archive of format %d.%d; formats 1.13 to 1.16 are understood "
                "(pg_dump 10 to 18).",
                reader->format / 100, reader->format % 100);
        reader->failed = true;
        return;
    }
    if (reader->int_bytes > 8 || reader->offset_bytes > 8 || read_byte(reader) != FORMAT_CUSTOM) {
        reader->failed = true;
        return;
    }
    if (reader->format >= 115) {
        read_byte(reader); /* compression algorithm */
    } else {
        read_int(reader); /* compression level */
    }
    for (int i = 0; i < 7; i++) {
        read_int(reader); /* date */
    }
    for (int i = 0; i < 3; i++) {
        read_text(reader); /* database, versions of server and pg_dump */
    }
}

static bool add_dependency(struct archive *archive, size_t *count, size_t *allocated, int id)
{
    if (*count == *allocated) {
        size_t more = *allocated == 0 ? 1024 : *allocated * 2;
        int *grown = realloc(archive->dependencies, more * sizeof(*grown));
        if (grown == NULL) {
            return false;
        }
        archive->dependencies = grown;
        *allocated = more;
    }
    archive->dependencies[(*count)++] = id;
    return true;
}

struct growth {
    size_t count;
    size_t allocated;
};

static bool read_dependencies(struct reader *reader, struct archive *archive, struct growth *growth)
{
    while (!reader->failed) {
        const char *text = read_text(reader);
        int64_t id = 0;
        if (text[0] == '\0') {
            return true;
        }
        if (!str_to_int(text, 0, ID_MAX, &id)) {
            reader->failed = true;
        } else if (!add_dependency(archive, &growth->count, &growth->allocated, (int)id)) {
            return false;
        }
    }
    return true;
}

static void skip_data_position(struct reader *reader)
{
    read_byte(reader);
    for (size_t i = 0; i < reader->offset_bytes; i++) {
        read_byte(reader);
    }
}

/* False when memory is out. The array of dependencies may still move while entries are read, so each entry
 * keeps its count only. */
static bool read_entry(struct reader *reader, struct archive *archive, struct growth *growth,
                       struct archive_entry *entry)
{
    entry->id = read_int(reader);
    read_int(reader);  /* has data */
    read_text(reader); /* catalog */
    entry->oid = read_oid(reader);
    entry->name = read_text(reader);
    entry->kind = read_text(reader);
    entry->section = (enum archive_section)read_int(reader);
    entry->definition = read_text(reader);
    entry->drop = read_text(reader);
    read_text(reader); /* COPY statement */
    entry->schema = read_text(reader);
    read_text(reader); /* tablespace: not kept */
    entry->access_method = reader->format >= 114 ? read_text(reader) : "";
    if (reader->format >= 116) {
        entry->relkind = (char)read_int(reader);
    }
    entry->owner = read_text(reader);
    read_text(reader); /* with OIDs */
    size_t before = growth->count;
    bool room = read_dependencies(reader, archive, growth);
    entry->dependency_count = growth->count - before;
    skip_data_position(reader);
    if (entry->id <= 0 || entry->id > ID_MAX) {
        reader->failed = true;
    }
    return room;
}

static bool index_entries(struct archive *archive)
{
    for (size_t i = 0; i < archive->count; i++) {
        archive->max_id = archive->entries[i].id > archive->max_id ? archive->entries[i].id : archive->max_id;
    }
    archive->position = calloc((size_t)archive->max_id + 1, sizeof(*archive->position));
    if (archive->position == NULL) {
        return false;
    }
    size_t used = 0;
    for (size_t i = 0; i < archive->count; i++) {
        struct archive_entry *entry = &archive->entries[i];
        archive->position[entry->id] = (int)i + 1;
        /* Without any dependency there is no array. */
        entry->dependencies = archive->dependencies == NULL ? NULL : archive->dependencies + used;
        used += entry->dependency_count;
    }
    return true;
}

int archive_parse(char *bytes, size_t len, struct err *err, struct archive *ret_archive)
{
    auto_archive struct archive archive = {.bytes = bytes};
    struct reader reader = {.at = bytes, .end = bytes + len};
    err_set(err, ERR_INTERNAL, "The archive that pg_dump wrote is damaged.");
    read_header(&reader, err);
    int count = reader.failed ? 0 : read_int(&reader);
    /* An entry needs far more than one byte, so a count beyond the file's size is invalid. */
    if (reader.failed || count < 0 || (size_t)count > len) {
        return -1;
    }
    archive.entries = calloc((size_t)count + 1, sizeof(*archive.entries));
    if (archive.entries == NULL) {
        return err_no_memory(err);
    }
    struct growth growth = {0};
    while (archive.count < (size_t)count && !reader.failed) {
        if (!read_entry(&reader, &archive, &growth, &archive.entries[archive.count])) {
            return err_no_memory(err);
        }
        archive.count++;
    }
    if (reader.failed) {
        return -1;
    }
    if (!index_entries(&archive)) {
        return err_no_memory(err);
    }
    *ret_archive = archive;
    archive = (struct archive){0};
    return 0;
}

void archive_done(struct archive *archive)
{
    free(archive->entries);
    free(archive->bytes);
    free(archive->dependencies);
    free(archive->position);
    *archive = (struct archive){0};
}

const struct archive_entry *archive_find(const struct archive *archive, int id)
{
    if (id <= 0 || id > archive->max_id || archive->position[id] == 0) {
        return NULL;
    }
    return &archive->entries[archive->position[id] - 1];
}

bool archive_entry_is(const struct archive_entry *entry, const char *kind)
{
    return strcmp(entry->kind, kind) == 0;
}
