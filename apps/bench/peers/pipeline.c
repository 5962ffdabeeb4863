/* Decrypts, inflates and parses one profile N times in one process, with libcrypto, zlib and expat,
 * and prints the seconds of the middle time. Buffers and parser are kept between rounds; element texts are
 * collected and counted, and nothing is looked up or checked against a type.
 *
 *   cc -O2 pipeline.c -lcrypto -lz -lexpat -o pipeline
 *   pipeline FILE KEY N
 */
#include <expat.h>
#include <openssl/evp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

struct state {
    int depth;
    size_t elements;
    size_t bytes;
    size_t len;
    char text[65536];
};

static void XMLCALL on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
    struct state *s = data;
    (void)name;
    (void)attributes;
    s->depth++;
    s->len = 0;
}

static void XMLCALL on_text(void *data, const XML_Char *text, int len)
{
    struct state *s = data;
    if (s->depth != 3 || s->len + (size_t)len > sizeof s->text)
        return;
    memcpy(s->text + s->len, text, (size_t)len);
    s->len += (size_t)len;
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
    struct state *s = data;
    (void)name;
    if (s->depth == 3) {
        s->elements++;
        s->bytes += s->len;
    }
    s->depth--;
    s->len = 0;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what)
{
    fprintf(stderr, "pipeline: %s\n", what);
    exit(1);
}

static unsigned char *read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0)
        fail("cannot open the file");
    long size = ftell(f);
    rewind(f);
    unsigned char *bytes = size > 0 ? malloc((size_t)size) : NULL;
    if (!bytes || fread(bytes, 1, (size_t)size, f) != (size_t)size)
        fail("cannot read the file");
    fclose(f);
    *len = (size_t)size;
    return bytes;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        fail("usage: pipeline FILE KEY N");
    size_t len;
    unsigned char *file = read_file(argv[1], &len);
    if (len < 32 || memcmp(file, "Salted__", 8) != 0)
        fail("not a Salted__ file");
    const unsigned char *pass = (const unsigned char *)argv[2];
    long rounds = strtol(argv[3], NULL, 10);

    unsigned char *plain = malloc(len);
    size_t room = 1 << 20;
    unsigned char *xml = malloc(room);
    struct state *state = malloc(sizeof *state);
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    XML_Parser parser = XML_ParserCreate("UTF-8");
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (!plain || !xml || !state || !cipher || !parser || inflateInit2(&stream, 15 + 16) != Z_OK)
        fail("no memory");

    double *times = rounds > 0 ? malloc((size_t)rounds * sizeof *times) : NULL;
    if (!times)
        fail("no memory, or no rounds");
    for (long i = 0; i < rounds; i++) {
        double start = now();
        unsigned char key[32], iv[16];
        int n = 0, last = 0;
        EVP_BytesToKey(EVP_aes_256_cbc(), EVP_md5(), file + 8, pass, (int)strlen(argv[2]), 1, key, iv);
        if (!EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv)
            || !EVP_DecryptUpdate(cipher, plain, &n, file + 16, (int)len - 16)
            || !EVP_DecryptFinal_ex(cipher, plain + n, &last))
            fail("cannot decrypt");
        inflateReset(&stream);
        stream.next_in = plain;
        stream.avail_in = (uInt)(n + last);
        stream.next_out = xml;
        stream.avail_out = (uInt)room;
        if (inflate(&stream, Z_FINISH) != Z_STREAM_END)
            fail("cannot inflate");
        XML_ParserReset(parser, "UTF-8");
        XML_SetUserData(parser, state);
        XML_SetElementHandler(parser, on_start, on_end);
        XML_SetCharacterDataHandler(parser, on_text);
        memset(state, 0, offsetof(struct state, text));
        if (XML_Parse(parser, (const char *)xml, (int)(room - stream.avail_out), 1) != XML_STATUS_OK)
            fail("cannot parse");
        times[i] = now() - start;
    }
    qsort(times, (size_t)rounds, sizeof *times, by_size);
    printf("%.9f %zu %zu\n", times[rounds / 2], state->elements, state->bytes);
    return 0;
}
