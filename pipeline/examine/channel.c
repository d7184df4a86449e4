/* channel.c - messages with descriptors over a seqpacket socket. */
#include "channel.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int as_channel_pair(int fd[2])
{
    int room = 1 << 20;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
        return -1;
    for (int i = 0; i < 2; i++)
        setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    return 0;
}

int as_channel_send(int fd, const struct as_msg *msg, const int *fds, int nfds)
{
    struct iovec iov = {(void *)(uintptr_t)msg, offsetof(struct as_msg, text) + msg->len};
    struct msghdr head = {.msg_iov = &iov, .msg_iovlen = 1};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * AS_MSG_FDS_MAX)];
    } control;
    ssize_t n;

    if (nfds > 0) {
        struct cmsghdr *c;
        memset(&control, 0, sizeof control);
        head.msg_control = control.bytes;
        head.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)nfds);
        c = CMSG_FIRSTHDR(&head);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)nfds);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * (size_t)nfds);
    }
    do
        n = sendmsg(fd, &head, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -1 : 0;
}

/* Takes the descriptors out of a received header; closes those beyond the room. */
static void take_fds(struct msghdr *head, int *fds, int *nfds)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(head); c; c = CMSG_NXTHDR(head, c)) {
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < n; i++) {
            int got;
            memcpy(&got, CMSG_DATA(c) + i * sizeof(int), sizeof got);
            if (fds && *nfds < AS_MSG_FDS_MAX)
                fds[(*nfds)++] = got;
            else
                close(got);
        }
    }
}

static int receive(int fd, struct as_msg *msg, int *fds, int *nfds, int flags)
{
    struct iovec iov = {msg, sizeof *msg};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * AS_MSG_FDS_MAX)];
    } control;
    struct msghdr head = {.msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control.bytes,
                          .msg_controllen = sizeof control.bytes};
    int count = 0;
    ssize_t n;

    if (nfds)
        *nfds = 0;
    /* a peer that ended with messages unread resets the connection; that is told once, before
     * what it said last, which is still there                                              */
    do
        n = recvmsg(fd, &head, flags | MSG_CMSG_CLOEXEC);
    while (n < 0 && (errno == EINTR || errno == ECONNRESET));
    if (n < 0)
        return -1;
    take_fds(&head, fds, fds ? nfds : &count);
    if (n == 0)
        return 0;
    if ((size_t)n < offsetof(struct as_msg, text) || msg->len > AS_MSG_TEXT_MAX ||
        (size_t)n != offsetof(struct as_msg, text) + msg->len || msg->key.n > AS_KEY_MAX) {
        errno = EPROTO;
        return -1;
    }
    return 1;
}

int as_channel_recv(int fd, struct as_msg *msg, int *fds, int *nfds)
{
    return receive(fd, msg, fds, nfds, MSG_DONTWAIT);
}

int as_channel_wait(int fd, struct as_msg *msg, int *fds, int *nfds)
{
    return receive(fd, msg, fds, nfds, 0);
}
