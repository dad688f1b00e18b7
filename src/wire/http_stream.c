/*
 * A stream is shared by its writer thread and the answer that libmicrohttpd reads; the last of both
 * frees it. Between them stands one buffer: the writer waits while it is full, the reader suspends
 * the connection while it is empty.
 */
#include <poll.h>
#include <pthread.h>
#include <string.h>

#include "wire/http_server.h"

enum { STREAM_BUFFER_SIZE = 128 * 1024, STREAM_BLOCK_SIZE = 32 * 1024 };

struct http_streams {
    pthread_mutex_t lock;
    struct http_stream *running; /* their threads are not yet joined */
    size_t count;
    bool closing;
};

struct http_stream {
    struct http_streams *streams;
    struct http_stream *next;     /* in streams->running */
    struct http_request *request; /* until the answer has begun */
    struct worker *thread;
    struct http_writer writer;

    pthread_mutex_t lock;
    pthread_cond_t room;  /* the reader took bytes, or went */
    int holders;          /* writer thread, answer */
    bool begun;           /* the answer has its head */
    bool finished;        /* the writer has returned: end of the stream */
    bool broken;          /* what was sent is not the whole: end with an error */
    bool gone;            /* the reader has gone, or must go */
    bool started, ending; /* under streams->lock: `thread` stands; it is about to return */
    bool suspended;       /* the connection waits for bytes; under lock */
    struct MHD_Connection *connection;
    int fd;
    size_t first, size; /* the ring */
    uint8_t *ring;      /* owned, STREAM_BUFFER_SIZE */
};

/* What a writer holds is the stream itself. */
static struct http_stream *stream_of(struct http_sink *sink)
{
    return (struct http_stream *)(void *)sink;
}

static void release(struct http_stream *stream)
{
    (void)pthread_mutex_lock(&stream->lock);
    const bool last = --stream->holders == 0;
    (void)pthread_mutex_unlock(&stream->lock);
    if (!last) { return; }
    (void)pthread_cond_destroy(&stream->room);
    (void)pthread_mutex_destroy(&stream->lock);
    free(stream->ring);
    free(stream);
}

/* Under lock: lets libmicrohttpd ask read_ring again. */
static void wake_reader(struct http_stream *stream)
{
    if (!stream->suspended) { return; }
    stream->suspended = false;
    MHD_resume_connection(stream->connection);
}

/* ---- the reader: on a thread of libmicrohttpd ---- */

static size_t take_bytes(struct http_stream *stream, char *buffer, size_t most)
{
    const size_t straight = STREAM_BUFFER_SIZE - stream->first;
    size_t size = stream->size < most ? stream->size : most;
    if (size > straight) { size = straight; }
    memcpy(buffer, stream->ring + stream->first, size);
    stream->first = (stream->first + size) % STREAM_BUFFER_SIZE;
    stream->size -= size;
    return size;
}

static ssize_t read_ring(void *context, uint64_t position, char *buffer, size_t most)
{
    (void)position;
    struct http_stream *stream = context;
    ssize_t result = 0;
    (void)pthread_mutex_lock(&stream->lock);
    if (stream->gone) {
        result = MHD_CONTENT_READER_END_WITH_ERROR;
    } else if (stream->size > 0) {
        result = (ssize_t)take_bytes(stream, buffer, most);
        (void)pthread_cond_signal(&stream->room);
    } else if (stream->finished) {
        result =
            stream->broken ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        stream->suspended = true;
        MHD_suspend_connection(stream->connection);
    }
    (void)pthread_mutex_unlock(&stream->lock);
    return result;
}

static void end_reading(void *context)
{
    struct http_stream *stream = context;
    (void)pthread_mutex_lock(&stream->lock);
    stream->gone = true;
    stream->suspended = false;
    (void)pthread_cond_signal(&stream->room);
    (void)pthread_mutex_unlock(&stream->lock);
    release(stream);
}

/* ---- the writer: on its own thread ---- */

/* Under lock: a suspended client that hung up is seen only by looking at its socket. */
static void look_for_client(struct http_stream *stream)
{
    if (!stream->suspended) { return; }
    struct pollfd client = {.fd = stream->fd, .events = POLLRDHUP};
    if (poll(&client, 1, 0) > 0 && (client.revents & (POLLRDHUP | POLLHUP | POLLERR))) {
        stream->gone = true;
        wake_reader(stream);
    }
}

bool http_sink_send(struct http_sink *sink, struct span bytes)
{
    struct http_stream *stream = stream_of(sink);
    (void)pthread_mutex_lock(&stream->lock);
    if (bytes.size == 0) { look_for_client(stream); }
    while (bytes.size > 0 && !stream->gone) {
        if (stream->size == STREAM_BUFFER_SIZE) {
            (void)pthread_cond_wait(&stream->room, &stream->lock);
            continue;
        }
        const size_t at = (stream->first + stream->size) % STREAM_BUFFER_SIZE;
        const size_t edge = at < stream->first ? stream->first : STREAM_BUFFER_SIZE;
        const size_t size = bytes.size < edge - at ? bytes.size : edge - at;
        memcpy(stream->ring + at, bytes.data, size);
        stream->size += size;
        bytes = span_of(bytes.data + size, bytes.size - size);
        wake_reader(stream);
    }
    const bool there = !stream->gone;
    (void)pthread_mutex_unlock(&stream->lock);
    return there;
}

/* Makes the stream the answer of its request. */
static void answer_with(struct http_stream *stream, int status, const char *type)
{
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_BLOCK_SIZE, read_ring, stream, end_reading);
    if (!response) { abort(); }
    http_answer_take(stream->request, status, type, response);
    stream->request = NULL;
    stream->begun = true;
    stream->holders++;
}

void http_sink_begin(struct http_sink *sink, int status, const char *type)
{
    struct http_stream *stream = stream_of(sink);
    if (stream->begun) { abort(); }
    (void)pthread_mutex_lock(&stream->lock);
    answer_with(stream, status, type);
    (void)pthread_mutex_unlock(&stream->lock);
    MHD_resume_connection(stream->connection);
}

void http_sink_refuse(struct http_sink *sink, int status, const char *title, const char *detail)
{
    struct http_stream *stream = stream_of(sink);
    if (stream->begun) { abort(); }
    http_answer_problem(stream->request, status, title, detail);
    stream->request = NULL;
    stream->begun = true;
    MHD_resume_connection(stream->connection);
}

void http_sink_break(struct http_sink *sink)
{
    struct http_stream *stream = stream_of(sink);
    (void)pthread_mutex_lock(&stream->lock);
    stream->broken = true;
    (void)pthread_mutex_unlock(&stream->lock);
}

static void finish_writing(struct http_stream *stream)
{
    struct http_sink *sink = (struct http_sink *)(void *)stream;
    if (!stream->begun) {
        http_sink_refuse(sink, 502, http_status_title(502), "What was asked for did not come.");
    }
    if (stream->writer.done) { stream->writer.done(stream->writer.context); }
    (void)pthread_mutex_lock(&stream->lock);
    stream->finished = true;
    wake_reader(stream);
    (void)pthread_mutex_unlock(&stream->lock);
}

static void run_writer(void *context)
{
    struct http_stream *stream = context;
    stream->writer.write(stream->writer.context, (struct http_sink *)(void *)stream);
    finish_writing(stream);
    struct http_streams *streams = stream->streams;
    (void)pthread_mutex_lock(&streams->lock);
    stream->ending = true; /* whoever joins us now releases our hold */
    (void)pthread_mutex_unlock(&streams->lock);
}

/* ---- all streams of a server ---- */

struct http_streams *http_streams_new(void)
{
    struct http_streams *streams = MEM_NEW(struct http_streams);
    if (pthread_mutex_init(&streams->lock, NULL)) { abort(); }
    return streams;
}

/* Joins the writers that are ending, or all of them. */
static void reap(struct http_streams *streams, bool all)
{
    struct http_stream *ended = NULL;
    (void)pthread_mutex_lock(&streams->lock);
    for (struct http_stream **at = &streams->running; *at;) {
        struct http_stream *stream = *at;
        if (!all && !(stream->started && stream->ending)) {
            at = &stream->next;
            continue;
        }
        *at = stream->next;
        stream->next = ended;
        ended = stream;
        streams->count--;
    }
    (void)pthread_mutex_unlock(&streams->lock);
    while (ended) {
        struct http_stream *stream = ended;
        ended = stream->next;
        worker_join(stream->thread);
        release(stream);
    }
}

void http_streams_close(struct http_streams *streams)
{
    (void)pthread_mutex_lock(&streams->lock);
    streams->closing = true;
    for (struct http_stream *stream = streams->running; stream; stream = stream->next) {
        (void)pthread_mutex_lock(&stream->lock);
        stream->gone = true;
        wake_reader(stream);
        (void)pthread_cond_signal(&stream->room);
        (void)pthread_mutex_unlock(&stream->lock);
    }
    (void)pthread_mutex_unlock(&streams->lock);
    reap(streams, true);
}

void http_streams_free(struct http_streams *streams)
{
    (void)pthread_mutex_destroy(&streams->lock);
    free(streams);
}

static bool admit(struct http_streams *streams, struct http_stream *stream)
{
    (void)pthread_mutex_lock(&streams->lock);
    const bool room = streams->count < HTTP_STREAM_MAX && !streams->closing;
    if (room) {
        streams->count++;
        stream->next = streams->running;
        streams->running = stream;
    }
    (void)pthread_mutex_unlock(&streams->lock);
    return room;
}

static struct http_stream *stream_new(struct http_request *request)
{
    struct http_stream *stream = MEM_NEW(struct http_stream);
    if (pthread_mutex_init(&stream->lock, NULL) || pthread_cond_init(&stream->room, NULL)) {
        abort();
    }
    stream->streams = request->server->streams;
    stream->request = request;
    stream->connection = request->connection;
    stream->fd = request->peer->fd;
    stream->ring = mem_zeroed(STREAM_BUFFER_SIZE);
    stream->holders = 1;
    return stream;
}

void http_answer_stream(struct http_request *request, int status, const char *type,
                        const struct http_writer *writer)
{
    if (request->server->config.worker_count == 0) { abort(); } /* a writer may block */
    struct http_stream *stream = stream_new(request);
    stream->writer = *writer;
    reap(stream->streams, false);
    if (!admit(stream->streams, stream)) {
        release(stream);
        http_add_header(request, MHD_HTTP_HEADER_RETRY_AFTER, "5");
        http_answer_problem(request, 503, http_status_title(503),
                            "Too many streams are open. Close one and try again.");
        if (writer->done) { writer->done(writer->context); }
        return;
    }
    if (status) { answer_with(stream, status, type); }
    request->stream = stream;
}

bool http_stream_deferred(const struct http_stream *stream)
{
    return !stream->begun;
}

void http_stream_start(struct http_stream *stream)
{
    struct http_streams *streams = stream->streams;
    struct worker *thread = NULL;
    const bool failed = worker_start(&thread, "http.stream", run_writer, stream, NULL) != OK;
    if (failed) { finish_writing(stream); }
    (void)pthread_mutex_lock(&streams->lock);
    stream->thread = thread;
    stream->started = true;
    stream->ending = stream->ending || failed;
    (void)pthread_mutex_unlock(&streams->lock);
}
