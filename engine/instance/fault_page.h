/* SPDX-License-Identifier: MIT */
/* One page, shared by Malachite and the server processes of an instance, that says which disk is full. */
#ifndef ENGINE_INSTANCE_FAULT_PAGE_H
#define ENGINE_INSTANCE_FAULT_PAGE_H

#include <stdint.h>

/* The environment variable with the path of the page. */
#define FAULT_PAGE_VARIABLE "MALACHITE_FAULT_PAGE"
enum { FAULT_PAGE_BYTES = 4096 };

struct fault_page {
    volatile uint8_t loaded;    /* 1: the library runs in this server; Malachite clears it before a start */
    volatile uint8_t data_full; /* 1: no file below base/ grows */
    volatile uint8_t wal_full;  /* 1: no write to pg_wal/ succeeds */
};

#endif
