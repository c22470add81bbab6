/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attr.h"
#include "core/str.h"
#include "engine/instance/instance_private.h"

/* Reads the output of pg_controldata. */
enum {
    CONTROL_MAX_BYTES = 16 * 1024,
    CONTROL_TIMEOUT_MS = 10000,
    MAJOR_BYTES = 8,
    NAME_BYTES = 24,
    PART_BYTES = 8
};

static const char state_label[] = "Database cluster state:";
static const char file_label[] = "Latest checkpoint's REDO WAL file:";
static const char size_label[] = "Bytes per WAL segment:";

static int read_major(const char *data_dir)
{
    char text[MAJOR_BYTES] = "";
    auto_free char *path = str_format("%s/PG_VERSION", data_dir);
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    return (int)strtol(text, NULL, 10);
}

/* The rest of the line after a label, without the blanks before it; NULL: there is none. */
static const char *value_of(const char *output, const char *label)
{
    const char *found = strstr(output, label);
    return found == NULL ? NULL : found + strlen(label) + strspn(found + strlen(label), " ");
}

static uint64_t hexadecimal(const char *text)
{
    char part[PART_BYTES + 1] = "";
    memcpy(part, text, PART_BYTES);
    return strtoull(part, NULL, 16);
}

/* The number of a segment without its timeline; false: the file is none. */
static bool segment_number(const char *name, uint64_t bytes, uint64_t *ret_number)
{
    if (strspn(name, "0123456789ABCDEF") != NAME_BYTES || bytes == 0) {
        return false;
    }
    *ret_number =
        hexadecimal(name + PART_BYTES) * ((1ULL << 32) / bytes) + hexadecimal(name + 2 * PART_BYTES);
    return true;
}

void wal_spare_find(const struct instance_host *host, const char *data_dir, const struct stop *stop,
                    struct wal_spare *ret_spare)
{
    struct err ignored = {0};
    int status = 0;
    const struct tools_major *programs = tools_server(host->tools, read_major(data_dir));
    auto_buf struct buf output = BUF_MAX(CONTROL_MAX_BYTES);
    auto_free char *program = programs == NULL ? NULL : str_format("%s/pg_controldata", programs->server_bin);
    const char *const argv[] = {program, data_dir, NULL};
    const char *const env[] = {"LC_ALL=C", NULL};
    const struct child child = {.argv = argv,
                                .env = env,
                                .user = &host->user,
                                .stop = stop,
                                .timeout_ms = CONTROL_TIMEOUT_MS,
                                .dies_with_us = true};
    *ret_spare = (struct wal_spare){0};
    if (program == NULL || child_run(&child, &output, NULL, &ignored, &status) != 0 || status != 0 ||
        buf_failed(&output)) {
        return;
    }
    const char *state = value_of(buf_text(&output), state_label);
    const char *file = value_of(buf_text(&output), file_label);
    const char *size = value_of(buf_text(&output), size_label);
    if (state == NULL || file == NULL || size == NULL ||
        strncmp(state, "shut down\n", strlen("shut down\n")) != 0) {
        return;
    }
    ret_spare->segment_bytes = strtoull(size, NULL, 10);
    ret_spare->known = segment_number(file, ret_spare->segment_bytes, &ret_spare->last);
}

bool wal_is_spare(const void *context, const char *directory, const char *name)
{
    const struct wal_spare *spare = context;
    uint64_t number = 0;
    /* The record of the checkpoint may end in the segment after the one in which it begins. */
    return spare->known && strcmp(directory, "pg_wal") == 0 &&
           segment_number(name, spare->segment_bytes, &number) && number > spare->last + 1;
}
