#include "evidence/retention.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"
#include "evidence/clip.h"
#include "system/file.h"

enum { BLOCK_BYTES = 512, DAY_LETTERS = 8, SUFFIX_LETTERS = 4 };

static const char *const suffixes[] = {".mp4", ".jpg"};

void retention_list_deinit(struct retention_list *list)
{
    free(list->items);
    free(list->folders);
    *list = (struct retention_list){0};
}

static void close_folder(DIR **folder)
{
    if (*folder) { (void)closedir(*folder); }
}

/* Opens a folder below `parent` (or a path), following no link; NULL when it is none. */
static DIR *open_folder(int parent, const char *name)
{
    const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder && fd >= 0) { (void)close(fd); }
    return folder;
}

/* The event of a file name, or false when the file is not ours. */
static bool event_of(struct id *event, const char *name)
{
    const size_t size = strlen(name);
    if (size != ID_TEXT_SIZE - 1 + SUFFIX_LETTERS) { return false; }
    const char *suffix = name + ID_TEXT_SIZE - 1;
    if (strcmp(suffix, suffixes[0]) != 0 && strcmp(suffix, suffixes[1]) != 0) { return false; }
    memcpy(event->text, name, ID_TEXT_SIZE - 1);
    event->text[ID_TEXT_SIZE - 1] = '\0';
    return id_valid(event->text);
}

static bool is_day(const char *name)
{
    return strlen(name) == DAY_LETTERS && strspn(name, "0123456789") == DAY_LETTERS;
}

static enum err add_item(struct retention_list *list, const struct retention_item *item,
                         struct why *why)
{
    if (list->count == RETENTION_ITEMS_MAX) {
        return why_set(why, ERR_LIMIT, "more than %d media files; the rest is left out",
                       RETENTION_ITEMS_MAX);
    }
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 256;
        list->items = mem_resized(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = *item;
    list->bytes += item->bytes;
    return OK;
}

static enum err add_folder(struct retention_list *list, const char *camera, const char *day,
                           struct why *why)
{
    if (list->folder_count == RETENTION_FOLDERS_MAX) {
        return why_set(why, ERR_LIMIT, "more than %d media folders", RETENTION_FOLDERS_MAX);
    }
    if (list->folder_count == list->folder_capacity) {
        list->folder_capacity = list->folder_capacity ? list->folder_capacity * 2 : 16;
        list->folders = mem_resized(list->folders, list->folder_capacity * sizeof *list->folders);
    }
    char *name = list->folders[list->folder_count];
    if (snprintf(name, RETENTION_FOLDER_SIZE, "%s/%s", camera, day) >= RETENTION_FOLDER_SIZE) {
        return why_set(why, ERR_LIMIT, "the folder %.100s has too long a name", camera);
    }
    list->folder_count++;
    return OK;
}

static enum err scan_day(struct retention_list *list, DIR *folder, struct why *why)
{
    const struct dirent *entry = NULL;
    enum err err = OK;
    while (!err && (entry = readdir(folder))) { // NOLINT(concurrency-mt-unsafe): own stream
        struct retention_item item = {.folder = (uint32_t)(list->folder_count - 1)};
        struct stat facts;
        if (!event_of(&item.event, entry->d_name) ||
            fstatat(dirfd(folder), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(facts.st_mode)) {
            continue;
        }
        item.bytes = (int64_t)facts.st_blocks * BLOCK_BYTES;
        err = add_item(list, &item, why);
    }
    return err;
}

static enum err scan_camera(struct retention_list *list, DIR *camera_folder, const char *camera,
                            struct why *why)
{
    const struct dirent *entry = NULL;
    enum err err = OK;
    while (!err && (entry = readdir(camera_folder))) { // NOLINT(concurrency-mt-unsafe): own stream
        if (!is_day(entry->d_name)) { continue; }
        CLEANUP(close_folder) DIR *day = open_folder(dirfd(camera_folder), entry->d_name);
        if (!day) { continue; }
        err = add_folder(list, camera, entry->d_name, why);
        if (!err) { err = scan_day(list, day, why); }
    }
    return err;
}

static int by_age(const void *a, const void *b)
{
    const struct retention_item *first = a;
    const struct retention_item *second = b;
    return strcmp(first->event.text, second->event.text); /* UUIDv7 sorts by time */
}

/* Clip and snapshot of an event stand beside each other now: one item. */
static void merge(struct retention_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (kept > 0 && by_age(&list->items[kept - 1], &list->items[i]) == 0) {
            list->items[kept - 1].bytes += list->items[i].bytes;
        } else {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = kept;
}

enum err retention_scan(struct retention_list *list, const char *media, struct why *why)
{
    CLEANUP(close_folder) DIR *folder = open_folder(AT_FDCWD, media);
    if (!folder) {
        return why_set(why, ERR_NOT_FOUND, "the media folder %.150s cannot be opened: error %d",
                       media, errno);
    }
    const struct dirent *entry = NULL;
    enum err err = OK;
    while (!err && (entry = readdir(folder))) { // NOLINT(concurrency-mt-unsafe): own stream
        if (entry->d_name[0] == '.') { continue; }
        CLEANUP(close_folder) DIR *camera = open_folder(dirfd(folder), entry->d_name);
        if (camera) { err = scan_camera(list, camera, entry->d_name, why); }
    }
    if (list->count > 0) { qsort(list->items, list->count, sizeof *list->items, by_age); }
    merge(list);
    return err;
}

static bool is_young(const struct retention_item *item, int64_t now_us)
{
    const int64_t age_us = now_us - id_wall_us(item->event.text);
    return age_us < RETENTION_YOUNG_US && age_us > -RETENTION_YOUNG_US;
}

/* Moves the young behind what is dated in the future; both keep their order. How many are young. */
static size_t young_last(struct retention_list *list, int64_t now_us)
{
    size_t end = list->count;
    while (end > 0 && id_wall_us(list->items[end - 1].event.text) >= now_us + RETENTION_YOUNG_US) {
        end--;
    }
    size_t begin = end;
    while (begin > 0 && is_young(&list->items[begin - 1], now_us)) {
        begin--;
    }
    const size_t young = end - begin;
    const size_t ahead = list->count - end;
    if (young > 0 && ahead > 0) {
        struct retention_item *const held = MEM_ARRAY(struct retention_item, young);
        memcpy(held, list->items + begin, young * sizeof *held);
        memmove(list->items + begin, list->items + end, ahead * sizeof *held);
        memcpy(list->items + begin + ahead, held, young * sizeof *held);
        free(held);
    }
    return young;
}

size_t retention_choose(struct retention_list *list, const struct retention_limits *limits,
                        int64_t now_us, int64_t free_bytes)
{
    const size_t most = list->count - young_last(list, now_us);
    int64_t bytes = list->bytes;
    size_t chosen = 0;
    const int64_t oldest_us = list->count > 0 ? id_wall_us(list->items[0].event.text) : 0;
    for (; chosen < most; chosen++) {
        const struct retention_item *item = &list->items[chosen];
        const int64_t at_us = id_wall_us(item->event.text);
        const int64_t age_us = now_us - at_us;
        const bool too_old = limits->age_max_us > 0 && age_us > limits->age_max_us &&
                             at_us - oldest_us < RETENTION_AGED_US;
        const bool too_much = limits->bytes_max > 0 && bytes > limits->bytes_max;
        const bool no_room = free_bytes < limits->reserve_bytes;
        if (!(too_old || too_much || no_room)) { break; }
        bytes -= item->bytes;
        free_bytes += item->bytes;
    }
    return chosen;
}

static bool path_of(char path[static FILE_PATH_SIZE], const struct retention_list *list,
                    size_t index, const char *media, const char *suffix)
{
    const struct retention_item *item = &list->items[index];
    return snprintf(path, FILE_PATH_SIZE, "%s/%s/%s%s", media, list->folders[item->folder],
                    item->event.text, suffix) < FILE_PATH_SIZE;
}

void retention_remove(const struct retention_list *list, size_t index, const char *media)
{
    char path[FILE_PATH_SIZE];
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        if (!path_of(path, list, index, media, suffixes[i])) { continue; }
        (void)!truncate(path, 0); /* whether there was one does not matter */
        (void)unlink(path);
    }
    if (file_join(path, media, list->folders[list->items[index].folder], NULL) == OK) {
        (void)rmdir(path); /* refuses, rightly, until it is empty */
    }
}

size_t retention_recover(const struct retention_list *list, const char *media, int64_t before_us)
{
    size_t mended = 0;
    if (list->count == 0) { return 0; }
    const int64_t newest_us = id_wall_us(list->items[list->count - 1].event.text);
    for (size_t i = 0; i < list->count; i++) {
        const int64_t at_us = id_wall_us(list->items[i].event.text);
        char path[FILE_PATH_SIZE];
        if (at_us >= before_us || newest_us - at_us > RETENTION_RECOVER_US ||
            !path_of(path, list, i, media, suffixes[0])) {
            continue;
        }
        struct stat facts;
        struct clip_facts clip = {0};
        if (lstat(path, &facts) != 0) { continue; }
        const enum err err = clip_recover(&clip, path, NULL);
        if (err == ERR_MALFORMED) { (void)unlink(path); }
        mended += err == ERR_MALFORMED || (!err && clip.bytes != facts.st_size);
    }
    return mended;
}

enum err retention_free_bytes(int64_t *bytes, const char *media, struct why *why)
{
    struct statvfs disk;
    if (statvfs(media, &disk) != 0) {
        return why_set(why, ERR_IO, "cannot ask how full the disk of %.150s is: error %d", media,
                       errno);
    }
    *bytes = (int64_t)(disk.f_bavail * disk.f_frsize);
    return OK;
}
