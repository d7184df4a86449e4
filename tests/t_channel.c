/* t_channel.c - channel: whole messages or none, descriptors with them, and room for a reader's
 * share without waiting. */
#include "../pipeline/examine/channel.h"

#include "../pipeline/examine/crew_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct as_msg msg, got;

static int open_fds(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void t_message(void **state)
{
    int pair[2], fds[AS_MSG_FDS_MAX], nfds, before = open_fds(), send[2] = {0, 1};
    (void)state;

    assert_int_equal(as_channel_pair(pair), 0);
    memset(&msg, 0, sizeof msg);
    msg.type = AS_MSG_FILE;
    msg.v[5] = 77;
    msg.key = (struct as_key){.n = 2, .part = {1, 2}};
    msg.len = 5;
    memcpy(msg.text, "hello", 5);
    assert_int_equal(as_channel_send(pair[0], &msg, send, 2), 0);
    assert_int_equal(as_channel_recv(pair[1], &got, fds, &nfds), 1);
    assert_int_equal(nfds, 2);
    assert_memory_equal(&msg, &got, offsetof(struct as_msg, text) + 5);
    assert_true(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
    close(fds[0]);
    close(fds[1]);
    /* descriptors nobody asked for are closed */
    assert_int_equal(as_channel_send(pair[0], &msg, send, 2), 0);
    assert_int_equal(as_channel_recv(pair[1], &got, NULL, NULL), 1);
    assert_int_equal(as_channel_recv(pair[1], &got, NULL, NULL), -1);
    assert_int_equal(errno, EAGAIN);
    close(pair[0]);
    assert_int_equal(as_channel_recv(pair[1], &got, fds, &nfds), 0);
    close(pair[1]);
    assert_int_equal(open_fds(), before);
}

/* What is no message is refused, whatever its length says. */
static void t_garbage(void **state)
{
    size_t head = offsetof(struct as_msg, text);
    int pair[2];
    (void)state;

    assert_int_equal(as_channel_pair(pair), 0);
    for (size_t n = 1; n < head + 40; n++) {
        memset(&msg, 0, sizeof msg);
        msg.len = n < head + 20 ? 30 : 5; /* more, less text than there is */
        assert_int_equal(send(pair[0], &msg, n, 0), n);
        assert_int_equal(as_channel_recv(pair[1], &got, NULL, NULL), -1);
        assert_int_equal(errno, EPROTO);
    }
    memset(&msg, 0, sizeof msg);
    msg.len = UINT32_MAX;
    assert_int_equal(send(pair[0], &msg, head, 0), head);
    assert_int_equal(as_channel_recv(pair[1], &got, NULL, NULL), -1);
    assert_int_equal(errno, EPROTO);
    memset(&msg, 0, sizeof msg);
    msg.key.n = AS_KEY_MAX + 1;
    assert_int_equal(send(pair[0], &msg, head, 0), head);
    assert_int_equal(as_channel_recv(pair[1], &got, NULL, NULL), -1);
    assert_int_equal(errno, EPROTO);
    close(pair[0]);
    close(pair[1]);
}

/* Last words are heard, also of an end that left messages unread. */
static void t_last_words(void **state)
{
    int pair[2];
    (void)state;

    assert_int_equal(as_channel_pair(pair), 0);
    memset(&msg, 0, sizeof msg);
    msg.type = AS_MSG_LOT_END;
    assert_int_equal(as_channel_send(pair[0], &msg, NULL, 0), 0);
    assert_int_equal(as_channel_send(pair[0], &msg, NULL, 0), 0);
    assert_int_equal(as_channel_send(pair[1], &msg, NULL, 0), 0);
    close(pair[0]);
    assert_int_equal(as_channel_recv(pair[1], &got, NULL, NULL), 1);
    assert_int_equal(as_channel_recv(pair[1], &got, NULL, NULL), 1);
    assert_int_equal(as_channel_recv(pair[1], &got, NULL, NULL), 0);
    assert_int_equal(as_channel_recv(pair[1], &got, NULL, NULL), 0);
    close(pair[1]);
}

/* A reader that reads nothing must not make its broker wait. */
static void t_room(void **state)
{
    struct timeval soon = {1, 0};
    int pair[2], fd = 0;
    (void)state;

    assert_int_equal(as_channel_pair(pair), 0);
    setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
    memset(&msg, 0, sizeof msg);
    msg.len = sizeof(struct as_read_lot);
    assert_int_equal(as_channel_send(pair[0], &msg, NULL, 0), 0);
    msg.len = 0;
    for (int i = 0; i < AS_ARENAS + 1; i++)
        assert_int_equal(as_channel_send(pair[0], &msg, &fd, 1), 0);
    msg.len = AS_PATH_MAX;
    for (int i = 0; i < AS_OPEN_AHEAD; i++)
        assert_int_equal(as_channel_send(pair[0], &msg, &fd, 1), 0);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(t_message),
        cmocka_unit_test(t_last_words),
        cmocka_unit_test(t_garbage),
        cmocka_unit_test(t_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
