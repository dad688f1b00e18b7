#include "inspection/policy.h"

#include <string.h>

enum { WORDS_MAX = 2 + POLICY_NODES_MAX, WORD_SIZE = 512 };

/* One line, cut into words. */
struct words {
    size_t count;
    char texts[WORDS_MAX][WORD_SIZE];
    int number; /* of the line */
};

static enum err refuse(const struct words *words, const char *what, struct why *why)
{
    return why_set(why, ERR_MALFORMED, "line %d of the policy: %s", words->number, what);
}

static bool is_blank(uint8_t letter)
{
    return letter == ' ' || letter == '\t';
}

/* Takes the next word off `*line`, which begins with one. */
static bool cut_word(struct words *words, struct span *line)
{
    size_t size = 0;
    if (words->count == WORDS_MAX) { return false; }
    char *word = words->texts[words->count++];
    for (; size < line->size && !is_blank(line->data[size]); size++) {
        const uint8_t letter = line->data[size];
        if (size == WORD_SIZE - 1 || letter < 0x20 || letter == 0x7f) { return false; }
        word[size] = (char)letter;
    }
    word[size] = '\0';
    *line = span_of(line->data + size, line->size - size);
    return true;
}

/* False when a word is too long, there are too many, or a control character stands there. */
static bool cut(struct words *words, struct span line)
{
    words->count = 0;
    while (line.size > 0) {
        if (is_blank(line.data[0])) {
            line = span_of(line.data + 1, line.size - 1);
            continue;
        }
        if (words->count == 0 && line.data[0] == '#') { return true; }
        if (!cut_word(words, &line)) { return false; }
    }
    return true;
}

static bool find_node(const struct policy *policy, const char *name, size_t *node)
{
    for (size_t i = 0; i < policy->node_count; i++) {
        if (strcmp(policy->nodes[i].name, name) != 0) { continue; }
        *node = i;
        return true;
    }
    return false;
}

/* A new node under a name that is free. */
static enum err add_node(struct policy *policy, const struct words *words,
                         struct policy_node **node, struct why *why)
{
    size_t other = 0;
    const char *name = words->texts[1];
    if (strcmp(name, "none") == 0 || find_node(policy, name, &other)) {
        return refuse(words, "the name is taken", why);
    }
    if (policy->node_count == POLICY_NODES_MAX) { return refuse(words, "too many names", why); }
    struct policy_node *made = &policy->nodes[policy->node_count];
    *made = (struct policy_node){.need = 1};
    if (!text_copy(made->name, sizeof made->name, name)) {
        return refuse(words, "the name is too long", why);
    }
    policy->node_count++;
    *node = made;
    return OK;
}

/* A key of its kind that is not listed yet, whatever its name. */
static enum err add_key(struct note_key *list, size_t *count, const struct words *words,
                        enum note_kind kind, struct why *why)
{
    struct note_key key;
    const char *vkey = words->texts[kind == NOTE_KIND_ED25519 ? 1 : 2];
    const enum err err = note_key_parse(&key, vkey, why);
    if (err != OK) { return err; }
    if (key.kind != kind) { return refuse(words, "this key is of another kind", why); }
    for (size_t i = 0; i < *count; i++) {
        if (memcmp(list[i].public_key, key.public_key, PUBLIC_KEY_SIZE) == 0) {
            return refuse(words, "this key is listed already", why);
        }
    }
    if (*count == POLICY_LOGS_MAX) { return refuse(words, "too many keys", why); }
    list[(*count)++] = key;
    return OK;
}

static enum err read_log(struct policy *policy, const struct words *words, struct why *why)
{
    if (words->count < 2 || words->count > 3) { return refuse(words, "expected log VKEY", why); }
    return add_key(policy->logs, &policy->log_count, words, NOTE_KIND_ED25519, why);
}

static enum err read_witness(struct policy *policy, const struct words *words, struct why *why)
{
    struct policy_node *node = NULL;
    if (words->count < 3 || words->count > 4) {
        return refuse(words, "expected witness NAME VKEY", why);
    }
    enum err err =
        add_key(policy->witnesses, &policy->witness_count, words, NOTE_KIND_COSIGNATURE, why);
    if (err == OK) { err = add_node(policy, words, &node, why); }
    if (err != OK || !node) { return err; }
    node->witness = policy->witness_count - 1;
    return OK;
}

/* "any", "all", or a number of 1..count. */
static bool read_need(const char *word, size_t count, size_t *need)
{
    if (strcmp(word, "any") == 0 || strcmp(word, "all") == 0) {
        *need = word[1] == 'n' ? 1 : count;
        return true;
    }
    const size_t size = strlen(word);
    if (size == 0 || size > 2 || strspn(word, "0123456789") != size || *word == '0') {
        return false;
    }
    *need = (size_t)strtoul(word, NULL, 10);
    return *need <= count;
}

static enum err read_group(struct policy *policy, const struct words *words, struct why *why)
{
    struct policy_node group = {.group = true};
    struct policy_node *node = NULL;
    if (words->count < 4 || !read_need(words->texts[2], words->count - 3, &group.need)) {
        return refuse(words, "expected group NAME all|any|K MEMBER...", why);
    }
    for (size_t i = 3; i < words->count; i++) {
        size_t member = 0;
        if (!find_node(policy, words->texts[i], &member) || policy->nodes[member].taken) {
            return refuse(words, "a member is unknown, or is a member already", why);
        }
        policy->nodes[member].taken = true;
        group.members |= UINT64_C(1) << member;
    }
    const enum err err = add_node(policy, words, &node, why);
    if (err != OK || !node) { return err; }
    memcpy(group.name, node->name, sizeof group.name);
    *node = group;
    return OK;
}

static enum err read_quorum(struct policy *policy, const struct words *words, bool *there,
                            struct why *why)
{
    if (*there) { return refuse(words, "there is a quorum already", why); }
    if (words->count != 2) { return refuse(words, "expected quorum NAME", why); }
    *there = true;
    policy->no_quorum = strcmp(words->texts[1], "none") == 0;
    if (policy->no_quorum || find_node(policy, words->texts[1], &policy->quorum)) { return OK; }
    return refuse(words, "no witness or group above has this name", why);
}

static enum err read_line(struct policy *policy, const struct words *words, bool *quorum,
                          struct why *why)
{
    if (words->count == 0) { return OK; }
    if (strcmp(words->texts[0], "log") == 0) { return read_log(policy, words, why); }
    if (strcmp(words->texts[0], "witness") == 0) { return read_witness(policy, words, why); }
    if (strcmp(words->texts[0], "group") == 0) { return read_group(policy, words, why); }
    if (strcmp(words->texts[0], "quorum") == 0) { return read_quorum(policy, words, quorum, why); }
    return refuse(words, "expected log, witness, group or quorum", why);
}

enum err policy_parse(struct policy *policy, struct span text, struct why *why)
{
    CLEANUP(mem_free_p) struct policy *read = MEM_NEW(struct policy);
    CLEANUP(mem_free_p) struct words *words = MEM_NEW(struct words);
    bool quorum = false;
    if (text.size > POLICY_SIZE_MAX) { return why_set(why, ERR_LIMIT, "the policy is too large"); }
    while (text.size > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.size);
        const size_t size = end ? (size_t)(end - text.data) : text.size;
        words->number++;
        if (!end || !cut(words, span_of(text.data, size))) {
            return refuse(words, "it is too long, does not end, or has a control character", why);
        }
        const enum err err = read_line(read, words, &quorum, why);
        if (err != OK) { return err; }
        text = span_of(end + 1, text.size - size - 1);
    }
    if (!quorum) { return why_set(why, ERR_MALFORMED, "the policy has no quorum line"); }
    *policy = *read;
    return OK;
}

bool policy_met(const struct policy *policy, const bool cosigned[])
{
    uint64_t met = 0;
    for (size_t i = 0; i < policy->node_count; i++) { /* members stand before their group */
        const struct policy_node *node = &policy->nodes[i];
        const size_t count = (size_t)__builtin_popcountll(node->members & met);
        const bool good = node->group ? count >= node->need : cosigned[node->witness];
        if (good) { met |= UINT64_C(1) << i; }
    }
    return policy->no_quorum || (met >> policy->quorum & 1);
}
