#include "sign/studio.h"

#include <pthread.h>

#include "check.h"

enum { ASKERS = 4, DRAFTS_EACH = 6 };

static struct sign_studio *studio;
static const struct sign_screen screen = {.width = 64, .height = 32, .brightness_percent = 100};

static enum err film(const char *language, const char *words, struct sign_film *out,
                     struct why *why)
{
    const struct sign_words text = {language, words};
    const struct sign_message message = {.tier = TIER_ADVISORY, .words = &text, .count = 1};
    return sign_studio_film(studio, &screen, &message, out, why);
}

/* Drafts in other scripts each time; counts those that came out. */
static void *ask(void *context)
{
    static const char *const drafts[][2] = {
        {"en", "Path closed, use the north gate"}, {"ml", "വഴി അടച്ചു"}, {"hi", "रास्ता बंद है"}};
    size_t *made = context;
    for (size_t i = 0; i < DRAFTS_EACH; i++) {
        struct sign_film out;
        const char *const *draft = drafts[i % 3];
        if (film(draft[0], draft[1], &out, NULL)) { continue; }
        *made += out.count > 0 && out.bits.size == out.count * sign_film_frame_size(&out);
        sign_film_deinit(&out);
    }
    return NULL;
}

static void test_serves_many_threads(void)
{
    pthread_t threads[ASKERS];
    size_t made[ASKERS] = {0};
    for (size_t i = 0; i < ASKERS; i++) {
        CHECK(pthread_create(&threads[i], NULL, ask, &made[i]) == 0);
    }
    for (size_t i = 0; i < ASKERS; i++) {
        (void)pthread_join(threads[i], NULL);
        CHECK(made[i] == DRAFTS_EACH);
    }
}

static void test_tells_what_cannot_be_lit(void)
{
    struct why why = {0};
    struct sign_film out;
    CHECK(film("en", "\u200b", &out, &why) == ERR_MALFORMED);
    CHECK(strstr(why.text, "lamp") != NULL);
}

int main(void)
{
    struct why why = {0};
    struct sign_film out;
    studio = sign_studio_new();
    if (film("en", "Go", &out, &why)) { return CHECK_SKIP_ALL(why.text); }
    CHECK(out.count == 1);
    sign_film_deinit(&out);
    test_serves_many_threads();
    test_tells_what_cannot_be_lit();
    sign_studio_free(studio);
    return CHECK_DONE();
}
