/* One stage of reading a profile, N times in one process, with the usual libraries; prints the seconds of the middle
 * time and a count. Buffers are kept between rounds, and nothing is looked up or checked against a type.
 *
 *   cc -O2 stages.c -lcrypto -lz -lexpat -o stages
 *   stages expat|inflate|aes FILE N
 *   cc -O2 -DREADER stages.c -I/usr/include/libxml2 -lxml2 -o reader
 *   reader reader FILE N
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef READER
#include <libxml/xmlreader.h>
#else
#include <expat.h>
#include <openssl/evp.h>
#include <zlib.h>
#endif

static void fail(const char *what)
{
    fprintf(stderr, "stages: %s\n", what);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
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

#ifdef READER
static size_t stage(const char *what, unsigned char *in, size_t len, unsigned char *out, size_t room)
{
    (void)out, (void)room;
    if (strcmp(what, "reader") != 0)
        fail("no such stage");
    size_t bytes = 0;
    xmlTextReaderPtr reader = xmlReaderForMemory((const char *)in, (int)len, NULL, NULL, XML_PARSE_HUGE);
    int more;
    while ((more = xmlTextReaderRead(reader)) == 1) {
        if (xmlTextReaderNodeType(reader) == XML_READER_TYPE_TEXT)
            bytes += (size_t)xmlStrlen(xmlTextReaderConstValue(reader));
    }
    if (more != 0)
        fail("the XML is bad");
    xmlFreeTextReader(reader);
    return bytes;
}
#else
static size_t seen;

static void XMLCALL on_text(void *data, const XML_Char *text, int len)
{
    (void)data, (void)text;
    seen += (size_t)len;
}

static void XMLCALL on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
    (void)data, (void)name, (void)attributes;
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
    (void)data, (void)name;
}

static size_t stage(const char *what, unsigned char *in, size_t len, unsigned char *out, size_t room)
{
    if (strcmp(what, "expat") == 0) {
        XML_Parser parser = XML_ParserCreate("UTF-8");
        XML_SetElementHandler(parser, on_start, on_end);
        XML_SetCharacterDataHandler(parser, on_text);
        seen = 0;
        if (XML_Parse(parser, (const char *)in, (int)len, 1) != XML_STATUS_OK)
            fail("the XML is bad");
        XML_ParserFree(parser);
        return seen;
    }
    if (strcmp(what, "inflate") == 0) {
        z_stream stream;
        memset(&stream, 0, sizeof stream);
        if (inflateInit2(&stream, 15 + 16) != Z_OK)
            fail("no memory");
        stream.next_in = in;
        stream.avail_in = (unsigned)len;
        stream.next_out = out;
        stream.avail_out = (unsigned)room;
        if (inflate(&stream, Z_FINISH) != Z_STREAM_END)
            fail("the gzip is bad");
        inflateEnd(&stream);
        return stream.total_out;
    }
    if (strcmp(what, "aes") == 0) {
        /* As `openssl speed -evp aes-256-cbc -decrypt` does: calls of 16 KiB. */
        static const unsigned char key[32], iv[16];
        EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
        EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv);
        EVP_CIPHER_CTX_set_padding(cipher, 0);
        size_t total = 0;
        for (size_t at = 0; at + 16384 <= len; at += 16384) {
            int n = 0;
            if (!EVP_DecryptUpdate(cipher, out + at, &n, in + at, 16384))
                fail("cannot decrypt");
            total += (size_t)n;
        }
        EVP_CIPHER_CTX_free(cipher);
        return total;
    }
    fail("no such stage");
    return 0;
}
#endif

int main(int argc, char **argv)
{
    if (argc != 4)
        fail("usage: stages STAGE FILE N");
    size_t len, room = 64 << 20, count = 0;
    unsigned char *in = read_file(argv[2], &len), *out = malloc(room);
    long rounds = strtol(argv[3], NULL, 10);
    double *times = rounds > 0 ? malloc((size_t)rounds * sizeof *times) : NULL;
    if (!times || !out)
        fail("no memory, or no rounds");
    memset(out, 0, len < room ? len : room);
    for (long i = 0; i < rounds; i++) {
        double start = now();
        count = stage(argv[1], in, len, out, room);
        times[i] = now() - start;
    }
    qsort(times, (size_t)rounds, sizeof *times, by_size);
    printf("%.9f %zu\n", times[rounds / 2], count);
    return 0;
}
