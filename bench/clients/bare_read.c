/* The floor: read() the responses of the canned server (--raw) and throw them away. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "report.h"

enum { READ_BYTES = 512 * 1024 };

static const char usage[] = "usage: bare_read PORT RESPONSES";

/* A response's length with its gRPC prefix, which tells it; 0: there is none. */
static uint64_t response_bytes(int fd) {
  unsigned char prefix[5];
  const ssize_t n_read = recv(fd, prefix, sizeof prefix, MSG_PEEK | MSG_WAITALL);
  if (n_read != sizeof prefix) return 0;
  uint32_t n;
  memcpy(&n, prefix + 1, sizeof n);
  return sizeof prefix + ntohl(n);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    (void)fprintf(stderr, "%s\n", usage);
    return 2;
  }
  const uint64_t responses = bench_number(argv[2], usage);
  struct sockaddr_in a = {.sin_family = AF_INET};
  a.sin_port = htons((uint16_t)bench_number(argv[1], usage));
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  char *buffer = malloc(READ_BYTES);
  if (!buffer || fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
    perror("bare_read");
    return 1;
  }
  const bench_start start = bench_begin();
  const uint64_t each = response_bytes(fd);
  const uint64_t most = responses * each;
  uint64_t bytes = 0;
  while (bytes < most) {
    const ssize_t n = read(fd, buffer, READ_BYTES);
    if (n <= 0) break;
    bytes += (uint64_t)n;
  }
  bench_report(&start, 0, bytes);
  free(buffer);
  (void)close(fd);
  return each == 0 || bytes < most;
}
