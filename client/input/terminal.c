/* SPDX-License-Identifier: MIT */
#include "client/input/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "core/wipe.h"

enum { LINE_MAX_BYTES = 1024, ABORTED = 130 }; /* like a shell after SIGINT */

static volatile sig_atomic_t interrupts;

/* A private Malachite ends with its parent, cleanly. */
static void count_interrupt(int number)
{
    static const char aborted[] = "\nAborted.\n";
    (void)number;
    if (interrupts > 0) {
        (void)!write(STDERR_FILENO, aborted, sizeof(aborted) - 1);
        _exit(ABORTED);
    }
    interrupts = 1;
}

void terminal_catch_signals(void)
{
    struct sigaction action = {.sa_handler = count_interrupt}; /* reads end early: no SA_RESTART */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool terminal_interrupted(void)
{
    return interrupts > 0;
}

bool terminal_is_live(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDERR_FILENO) == 1 && !str_equals(kind, "dumb");
}

bool terminal_can_ask(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

size_t terminal_columns(void)
{
    struct winsize size = {0};
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20;
    return known ? size.ws_col : 80;
}

/* Reads up to the line feed, which is dropped. -1 at the end of the file or after a signal. */
static int read_line(int fd, char *line, size_t size)
{
    size_t len = 0;
    char c = '\0';
    ssize_t got = 0;
    while ((got = read(fd, &c, 1)) == 1 && c != '\n') {
        if (len + 1 < size) {
            line[len++] = c;
        }
    }
    line[len] = '\0';
    return got == 1 ? 0 : -1;
}

int terminal_ask_password(const char *prompt, struct err *err, char **ret_password)
{
    struct termios usual;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (fd < 0) { /* a terminal other than the session's */
        fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    }
    if (fd < 0 || tcgetattr(fd, &usual) != 0) {
        if (fd >= 0) {
            close(fd);
        }
        return err_set(err, ERR_UNAVAILABLE, "nobody can be asked for a password: no terminal");
    }
    struct termios quiet = usual;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    char line[LINE_MAX_BYTES] = "";
    (void)tcsetattr(fd, TCSAFLUSH, &quiet);
    (void)!write(fd, prompt, strlen(prompt));
    int result = read_line(fd, line, sizeof(line));
    (void)tcsetattr(fd, TCSAFLUSH, &usual);
    (void)!write(fd, "\n", 1);
    close(fd);
    if (result < 0) {
        err_set(err, ERR_CANCELED, "interrupted");
    } else if ((*ret_password = str_dup(line)) == NULL) {
        result = err_no_memory(err);
    }
    explicit_bzero(line, sizeof(line));
    return result;
}

bool terminal_confirm(const char *question)
{
    char line[LINE_MAX_BYTES] = "";
    fprintf(stderr, "%s [y/N] ", question);
    fflush(stderr);
    return read_line(STDIN_FILENO, line, sizeof(line)) == 0 &&
           (str_iequals(line, "y") || str_iequals(line, "yes"));
}

bool terminal_typed(const char *word, int ms)
{
    char line[LINE_MAX_BYTES] = "";
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&input, 1, ms) <= 0) {
        return false;
    }
    if (read_line(STDIN_FILENO, line, sizeof(line)) < 0) {
        clock_sleep_ms(ms); /* the end of the file is always readable */
        return false;
    }
    return str_iequals(line, word);
}
