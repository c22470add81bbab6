/* SPDX-License-Identifier: MIT */
#include "server/connections/linger_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"

enum { LINGER_MS = 10000, READS_PER_TURN = 64 };

static const uint64_t bytes_max = UINT64_C(64) * 1024 * 1024;

bool lingerers_add(struct lingerers *lingerers, int fd)
{
    int kept = lingerers->count < LINGER_MAX ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    if (kept < 0) {
        return false;
    }
    shutdown(kept, SHUT_WR);
    lingerers->items[lingerers->count++] =
        (struct lingerer){.fd = kept, .until_ms = clock_monotonic_ms() + LINGER_MS};
    return true;
}

size_t lingerers_watch(const struct lingerers *lingerers, struct pollfd *files)
{
    for (size_t i = 0; i < lingerers->count; i++) {
        files[i] = (struct pollfd){.fd = lingerers->items[i].fd, .events = POLLIN};
    }
    return lingerers->count;
}

/* False: the other side has closed, or has sent too much. */
static bool read_on(struct lingerer *lingerer)
{
    char dropped[16384];
    for (int i = 0; i < READS_PER_TURN; i++) {
        ssize_t got = recv(lingerer->fd, dropped, sizeof(dropped), MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 && errno == EAGAIN;
        }
        lingerer->bytes += (uint64_t)got;
        if (lingerer->bytes > bytes_max) {
            return false;
        }
    }
    return true;
}

void lingerers_serve(struct lingerers *lingerers, bool close_all)
{
    int64_t now = clock_monotonic_ms();
    for (size_t i = lingerers->count; i-- > 0;) {
        struct lingerer *lingerer = &lingerers->items[i];
        if (close_all || now >= lingerer->until_ms || !read_on(lingerer)) {
            close(lingerer->fd);
            *lingerer = lingerers->items[--lingerers->count];
        }
    }
}
