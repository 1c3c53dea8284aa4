#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/page_server.h"
#include "support/cmocka_c.h"

static frl_status page(void *ctx, const char *path, frl_buf *body, const char **type) {
  (void)ctx;
  *type = "text/plain";
  if (strcmp(path, "/broken") == 0) return FRL_E_NOMEM;
  if (strcmp(path, "/large") == 0) {
    for (int i = 0; i < 100000; i++) {
      const frl_status st = frl_buf_append_text(body, "0123456789");
      if (st != FRL_OK) return st;
    }
    return FRL_OK;
  }
  return strcmp(path, "/") == 0 ? frl_buf_append_text(body, "hello") : FRL_E_NOT_FOUND;
}

typedef struct fixture {
  frl_loop *loop;
  frl_page_server *server;
} fixture;

static int set_up(void **state) {
  static fixture f;
  assert_int_equal(frl_loop_start(&f.loop, NULL, "pages", NULL), FRL_OK);
  assert_int_equal(
      frl_page_server_start(&f.server, f.loop, 0, page, NULL, NULL, NULL), FRL_OK);
  *state = &f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  frl_page_server_stop(f->server);
  frl_loop_stop(f->loop);
  return 0;
}

static int connect_to(const fixture *f) {
  const struct sockaddr_in address = {.sin_family = AF_INET,
      .sin_port = htons(frl_page_server_port(f->server)),
      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

/* The whole answer; the server closes behind it. */
static size_t ask(const fixture *f, const char *request, char *out, size_t max) {
  const int fd = connect_to(f);
  size_t n = 0;
  assert_int_equal(write(fd, request, strlen(request)), (ssize_t)strlen(request));
  for (ssize_t got; (got = read(fd, out + n, max - 1 - n)) > 0;) n += (size_t)got;
  out[n] = '\0';
  (void)close(fd);
  return n;
}

static void a_page_comes_with_its_length(void **state) {
  char answer[4096];
  (void)ask(*state, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", answer, sizeof answer);
  assert_ptr_equal(strstr(answer, "HTTP/1.1 200 OK\r\n"), answer);
  assert_non_null(strstr(answer, "Content-Length: 5\r\n"));
  assert_string_equal(strstr(answer, "\r\n\r\n") + 4, "hello");
  (void)ask(
      *state, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", answer, sizeof answer);
  assert_non_null(strstr(answer, "Content-Length: 5\r\n"));
  assert_string_equal(strstr(answer, "\r\n\r\n") + 4, "");
}

static void what_cannot_be_answered_has_its_code(void **state) {
  static const struct {
    const char *request, *code;
  } cases[] = {{"GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n", " 404 "},
      {"GET /broken HTTP/1.1\r\nHost: localhost\r\n\r\n", " 500 "},
      {"PUT / HTTP/1.1\r\nHost: localhost\r\n\r\n", " 405 "},
      {"GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n", " 403 "},
      {"GET / HTTP/1.1\r\n\r\n", " 403 "}, {"nonsense\r\n\r\n", " 400 "}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char answer[4096];
    (void)ask(*state, cases[i].request, answer, sizeof answer);
    assert_ptr_equal(strstr(answer, cases[i].code), answer + 8);
    assert_null(strstr(answer, "hello"));
  }
}

static void a_large_page_comes_whole(void **state) {
  static char answer[1100000];
  const size_t n = ask(
      *state, "GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n", answer, sizeof answer);
  assert_int_equal(n - (size_t)(strstr(answer, "\r\n\r\n") + 4 - answer), 1000000);
}

static void a_taken_port_is_an_error(void **state) {
  const fixture *f = *state;
  frl_page_server *second = NULL;
  frl_error err = {0};
  const uint16_t port = frl_page_server_port(f->server);
  assert_int_equal(
      frl_page_server_start(&second, f->loop, port, page, NULL, NULL, &err), FRL_E_IO);
  assert_null(second);
  assert_non_null(strstr(err.message, "status page"));
}

static void it_stops_with_connections_open(void **state) {
  fixture *f = *state;
  int fds[8];
  for (size_t i = 0; i < 8; i++) fds[i] = connect_to(f);
  assert_int_equal(write(fds[0], "GET / HT", 8), 8);
  frl_page_server_stop(f->server);
  f->server = NULL;
  for (size_t i = 0; i < 8; i++) {
    char byte;
    assert_true(read(fds[i], &byte, 1) <= 0);
    (void)close(fds[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_page_comes_with_its_length, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          what_cannot_be_answered_has_its_code, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_large_page_comes_whole, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_taken_port_is_an_error, set_up, tear_down),
      cmocka_unit_test_setup_teardown(
          it_stops_with_connections_open, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
