#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "canned.h"

enum { SEAL_BYTES = 256 * 1024 };

bool output_is_full(const canned_output *o) {
  /* room for one frame header or small frame is always kept */
  return o->first + o->count >= OUTPUT_SLICES - 4 || o->bytes >= OUTPUT_BYTES ||
         o->scratch_used > OUTPUT_SCRATCH - 20 * 1024;
}

void output_borrow(canned_output *o, const void *data, size_t n) {
  struct iovec *v = &o->slices[o->first + o->count++];
  memcpy(&v->iov_base, &data, sizeof data);
  v->iov_len = n;
  o->bytes += n;
}

void output_copy(canned_output *o, const void *data, size_t n) {
  memcpy(o->scratch + o->scratch_used, data, n);
  output_borrow(o, o->scratch + o->scratch_used, n);
  o->scratch_used += n;
}

static void drop_written(canned_output *o, size_t n) {
  o->bytes -= n;
  while (n > 0) {
    struct iovec *v = &o->slices[o->first];
    if (n < v->iov_len) {
      v->iov_base = (char *)v->iov_base + n;
      v->iov_len -= n;
      return;
    }
    n -= v->iov_len;
    o->first++;
    o->count--;
  }
}

static int retry_or_over(void) {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
  return errno == EINTR ? 1 : -1;
}

static int flush_clear(canned_output *o, int fd) {
  while (o->count > 0) {
    struct msghdr m = {0};
    m.msg_iov = o->slices + o->first;
    m.msg_iovlen = (size_t)o->count;
    const ssize_t n = sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) {
      const int rc = retry_or_over();
      if (rc <= 0) return rc;
      continue;
    }
    drop_written(o, (size_t)n);
  }
  return 1;
}

/* Many records into one send(): a write() for each would cost more than sealing. */
static int send_sealed(canned_output *o, int fd) {
  char *data = NULL;
  const size_t n = (size_t)BIO_get_mem_data(o->sealed, &data);
  while (o->sealed_sent < n) {
    const ssize_t sent = send(
        fd, data + o->sealed_sent, n - o->sealed_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      const int rc = retry_or_over();
      if (rc <= 0) return rc;
      continue;
    }
    o->sealed_sent += (size_t)sent;
  }
  if (n) (void)BIO_reset(o->sealed);
  o->sealed_sent = 0;
  return 1;
}

static size_t gather_plain(canned_output *o) {
  size_t used = 0;
  while (o->count > 0 && used < SEAL_BYTES) {
    const struct iovec *v = &o->slices[o->first];
    const size_t room = SEAL_BYTES - used;
    const size_t n = v->iov_len < room ? v->iov_len : room;
    memcpy(o->plain + used, v->iov_base, n);
    used += n;
    drop_written(o, n);
  }
  return used;
}

static int flush_tls(canned_output *o, int fd, SSL *ssl) {
  for (;;) {
    const int rc = send_sealed(o, fd);
    if (rc != 1) return rc;
    const size_t n = gather_plain(o);
    if (n == 0) return 1;
    if (SSL_write(ssl, o->plain, (int)n) != (int)n) return -1;
  }
}

int output_flush(canned_output *o, int fd, SSL *ssl) {
  const int rc = ssl ? flush_tls(o, fd, ssl) : flush_clear(o, fd);
  if (rc == 1) {
    o->first = 0;
    o->count = 0;
    o->scratch_used = 0;
  }
  return rc;
}
