#include "programs/watch/eyes.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "camera/decode.h"
#include "camera/snapshot.h"
#include "system/queue.h"
#include "system/worker.h"

/* Pictures that wait to be looked at; a camera that sends huge ones must not eat the memory. */
enum { GLANCES_MAX = 256, GLANCE_BYTES_MAX = 32 * 1024 * 1024 };

static const int64_t late_max_us = 3 * CLOCK_SECOND_US / 2;
static const int64_t key_apart_max_us = 11 * CLOCK_SECOND_US / 10; /* see vision_idle */
static const int64_t picture_apart_us = CLOCK_SECOND_US / 2;
static const int64_t trouble_apart_us = 60 * CLOCK_SECOND_US;

/* An open event. */
struct scene {
    uint64_t visit; /* its number; 0: free */
    struct id event;
    bool clip_expected;
    int64_t pictured_us;
    struct text best; /* JPEG, better than what is on disk; empty when there is none */
};

struct eyes {
    struct eyes_config config;
    struct queue *packets; /* owned; of struct packet; the mark below says that the stream broke */
    struct worker *worker;
    struct vision *vision;
    struct decode *decode;
    struct scene scenes[VISIT_OPEN_MAX];
    struct seeing_figures figures;
    int64_t key_us, key_apart_us; /* captured_us of the newest key picture, and how far apart */
    int64_t told_us, trouble_us;
    bool behind;
    bool lost; /* reader's thread: a packet found no room */
};

static struct packet *const stream_broke = (struct packet *)(uintptr_t)1;

static void drop_packet(void *item)
{
    if (item != stream_broke) { packet_drop(item); }
}

static void complain(struct eyes *eyes, const char *sentence)
{
    const struct listener *listener = &eyes->config.listener;
    const int64_t now_us = clock_monotonic_us();
    if (eyes->trouble_us && now_us - eyes->trouble_us < trouble_apart_us) { return; }
    eyes->trouble_us = now_us;
    listener->trouble(listener->context, eyes->config.camera, sentence, false);
}

static struct scene *scene_of(struct eyes *eyes, uint64_t visit)
{
    for (size_t i = 0; i < VISIT_OPEN_MAX; i++) {
        if (eyes->scenes[i].visit == visit) { return &eyes->scenes[i]; }
    }
    return NULL;
}

static void name_zones(const struct eyes *eyes, struct sighting *sighting, uint32_t zones)
{
    const struct area_list *list = &eyes->config.vision.zones;
    for (size_t i = 0; i < list->count; i++) {
        if ((zones >> i & 1) == 0) { continue; }
        memcpy(sighting->zones[sighting->zone_count++], list->areas[i].name, AREA_NAME_SIZE);
    }
}

static void tell(const struct eyes *eyes, const struct scene *scene, const struct visit *visit)
{
    const struct listener *listener = &eyes->config.listener;
    CLEANUP(mem_free_p) struct sighting *sighting = MEM_NEW(struct sighting);
    sighting->event = scene->event;
    sighting->state = visit->state;
    sighting->score = visit->score < 0 ? 0 : visit->score;
    if (sighting->score > 1) { sighting->score = 1; }
    sighting->count = visit->count;
    sighting->started_wall_us = visit->started_wall_us;
    sighting->lasted_us = visit->updated_us - visit->started_us;
    sighting->clip_expected = scene->clip_expected;
    name_zones(eyes, sighting, visit->zones);
    sighting->box_count =
        visit->box_count < VISIT_BOXES_MAX ? visit->box_count : (size_t)VISIT_BOXES_MAX;
    (void)snprintf(sighting->camera, sizeof sighting->camera, "%s", eyes->config.camera);
    (void)snprintf(sighting->label, sizeof sighting->label, "%s", visit->label);
    if (sighting->box_count > 0) {
        memcpy(sighting->boxes, visit->boxes, sighting->box_count * sizeof *visit->boxes);
    }
    listener->sighting(listener->context, sighting);
}

/* Keeps the picture of the best look: at once for the first, else until the event ends. */
static void take_picture(struct eyes *eyes, struct scene *scene, const struct frame *frame)
{
    const bool first = scene->pictured_us == 0;
    if (!first && frame->captured_us - scene->pictured_us < picture_apart_us) { return; }
    struct why why = {0};
    text_deinit(&scene->best);
    scene->best = text_limited(SNAPSHOT_SIZE_MAX);
    if (snapshot_encode(&scene->best, frame, &why)) {
        text_clear(&scene->best);
        complain(eyes, why.text);
        return;
    }
    scene->pictured_us = frame->captured_us;
    if (first) { scribe_picture(eyes->config.scribe, &scene->event, &scene->best); }
}

static struct scene *begin_scene(struct eyes *eyes, const struct visit *visit)
{
    struct scene *scene = scene_of(eyes, 0);
    if (!scene) { return NULL; } /* vision keeps no more open than we have room for */
    *scene = (struct scene){.visit = visit->number,
                            .event = id_new(visit->started_wall_us),
                            .best = text_limited(SNAPSHOT_SIZE_MAX)};
    scene->clip_expected = scribe_begin(eyes->config.scribe, &scene->event, visit->started_us);
    return scene;
}

static void end_scene(struct eyes *eyes, struct scene *scene, const struct visit *visit)
{
    if (scene->best.size > 0) { scribe_picture(eyes->config.scribe, &scene->event, &scene->best); }
    scribe_end(eyes->config.scribe, &scene->event, visit->updated_us);
    text_deinit(&scene->best);
    *scene = (struct scene){0};
}

static void on_visit(void *context, const struct visit *visit, const struct frame *frame)
{
    struct eyes *eyes = context;
    struct scene *scene = scene_of(eyes, visit->number);
    if (!scene && visit->state == VISIT_STATE_BEGIN) { scene = begin_scene(eyes, visit); }
    if (!scene) { return; }
    if (frame && (visit->best_look || scene->pictured_us == 0)) {
        take_picture(eyes, scene, frame);
    }
    tell(eyes, scene, visit);
    if (visit->state == VISIT_STATE_END) { end_scene(eyes, scene, visit); }
}

static void on_frame(void *context, const struct frame *frame)
{
    struct eyes *eyes = context;
    struct why why = {0};
    if (vision_feed(eyes->vision, frame, &why)) { complain(eyes, why.text); }
}

static void tell_figures(struct eyes *eyes)
{
    const int64_t now_us = clock_monotonic_us();
    if (now_us - eyes->told_us < LISTENER_FIGURES_US) { return; }
    eyes->told_us = now_us;
    const struct decode_figures decoded = decode_figures(eyes->decode);
    eyes->figures.frames = decoded.frames;
    eyes->figures.damaged = decoded.damaged;
    eyes->figures.inferences = vision_figures(eyes->vision).inferences;
    const struct listener *listener = &eyes->config.listener;
    listener->seeing(listener->context, eyes->config.camera, &eyes->figures);
}

static void look(struct eyes *eyes, const struct packet *packet)
{
    if (packet->key) {
        eyes->key_apart_us = packet->captured_us - eyes->key_us;
        eyes->key_us = packet->captured_us;
    }
    if (clock_monotonic_us() - packet->captured_us > late_max_us) { eyes->behind = true; }
    if (eyes->behind && !packet->key) {
        eyes->figures.skipped++;
        return;
    }
    eyes->behind = false;
    const bool key_only = vision_idle(eyes->vision) && eyes->key_apart_us <= key_apart_max_us;
    struct why why = {0};
    if (decode_feed(eyes->decode, packet, key_only, &why)) { complain(eyes, why.text); }
    tell_figures(eyes);
}

static void run(void *context)
{
    struct eyes *eyes = context;
    struct packet *packet = NULL;
    while ((packet = queue_pop(eyes->packets, -1))) {
        if (packet == stream_broke) {
            vision_end(eyes->vision);
        } else if (!queue_closed(
                       eyes->packets)) { /* when told to stop, the rest is not looked at */
            look(eyes, packet);
        }
        drop_packet(packet);
    }
    vision_end(eyes->vision);
}

enum err eyes_start(struct eyes **out, const struct eyes_config *config, struct why *why)
{
    CLEANUP(eyes_free_p) struct eyes *eyes = MEM_NEW(struct eyes);
    eyes->config = *config;
    eyes->config.vision.visit = on_visit;
    eyes->config.vision.points = NULL;
    eyes->config.vision.context = eyes;
    eyes->packets = queue_new(GLANCES_MAX, drop_packet);
    queue_limit_bytes(eyes->packets, GLANCE_BYTES_MAX);
    const struct decode_options decoding = {.frame = on_frame, .context = eyes};
    eyes->decode = decode_new(&decoding);
    enum err err = vision_open(&eyes->vision, &eyes->config.vision, why);
    if (!err) { err = worker_start(&eyes->worker, "eyes", run, eyes, why); }
    if (err) { return err; }
    *out = TAKE(eyes);
    return OK;
}

void eyes_close(struct eyes *eyes)
{
    queue_close(eyes->packets);
}

void eyes_free(struct eyes *eyes)
{
    if (!eyes) { return; }
    queue_close(eyes->packets);
    worker_join(eyes->worker);
    vision_close(eyes->vision);
    decode_free(eyes->decode);
    for (size_t i = 0; i < VISIT_OPEN_MAX; i++) {
        text_deinit(&eyes->scenes[i].best);
    }
    queue_free(eyes->packets);
    free(eyes);
}

void eyes_packet(struct eyes *eyes, struct packet *packet)
{
    /* After a hole only a key picture makes sense: the decoder would be fed on what is missing. */
    if (eyes->lost && !packet->key) { return; }
    struct packet *held = packet_hold(packet);
    eyes->lost = queue_push_sized(eyes->packets, held, held->size) != OK;
    if (eyes->lost) { packet_drop(held); }
}

void eyes_break(struct eyes *eyes)
{
    if (queue_push(eyes->packets, stream_broke)) { eyes->lost = true; }
}
