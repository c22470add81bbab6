/* SPDX-License-Identifier: MIT */
/*
 * A list that is answered page by page: $top says how long a page is, at most 1,000 items; nextLink leads to
 * the next one. Lists of single servers are whole without $top. As in Azure, items that come or go between
 * two pages may be missed or appear twice.
 */
#ifndef HANDLERS_ARM_PAGE_H
#define HANDLERS_ARM_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "server/request.h"

struct page {
    int64_t first; /* items before this page */
    int64_t size;
    int64_t offered; /* items offered so far */
};

/* Reads $top and $skipToken. */
int page_read(const struct request *request, struct err *err, struct page *ret_page);
/* Offers the next item of the whole list. True: it belongs on this page. */
bool page_takes(struct page *page);
/* Answers with one page of a list whose items are all in value; takes the reference. NULL: no memory. */
void page_reply_whole(struct request *request, json_t *value);
/* Likewise, with the number of all items. */
void page_reply_counted(struct request *request, json_t *value);
/* Answers with the items of this page, and with nextLink if more were offered. Takes the reference to value.
 */
void page_reply(struct request *request, const struct page *page, json_t *value);

#endif
