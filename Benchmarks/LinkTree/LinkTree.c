// link-tree: the limit a blit is measured against. Makes a tree of directories, hard links, symlinks and empty files
// with nothing but the system calls that takes, from a plan read beforehand.
//
//   link-tree plan TREE OBJECTS PLAN        describes TREE, whose files are links to OBJECTS/ab/NAME
//   link-tree make PLAN OBJECTS TREE [N]    makes TREE, which must not exist, with N threads (1); prints the seconds
//
// A plan is a sequence of NUL-terminated strings. "D" octal-mode path: a directory, parents first, the root with an empty
// path. What follows it lies in it: "F" object name (a link), "L" target name (a symlink), "E" octal-mode name (an
// empty file).
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what) {
    fprintf(stderr, "link-tree: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void *allocate(size_t size) {
    void *memory = calloc(1, size);
    if (!memory) fail("memory");
    return memory;
}

// --- plan ---

struct object {
    uint64_t inode;  // 0: the slot is free
    char name[64];   // "ab/abcd..."
};

static struct object *objects;
static size_t object_slots;

static struct object *find_slot(uint64_t inode) {
    size_t slot = (inode * 0x9e3779b97f4a7c15u) & (object_slots - 1);
    while (objects[slot].inode != 0 && objects[slot].inode != inode) slot = (slot + 1) & (object_slots - 1);
    return &objects[slot];
}

static void read_objects(const char *path) {
    object_slots = 1u << 21;
    objects = allocate(object_slots * sizeof *objects);
    int root = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    if (root < 0) fail(path);
    size_t count = 0;
    for (int shard = 0; shard < 256; shard++) {
        char name[3];
        snprintf(name, sizeof name, "%02x", shard);
        int descriptor = openat(root, name, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
        if (descriptor < 0) continue;
        DIR *directory = fdopendir(descriptor);
        if (!directory) fail(name);
        for (struct dirent *entry; (entry = readdir(directory));) {
            if (entry->d_name[0] == '.') continue;
            if (++count > object_slots / 2) fail("too many objects");
            struct object *object = find_slot(entry->d_ino);
            object->inode = entry->d_ino;
            snprintf(object->name, sizeof object->name, "%s/%s", name, entry->d_name);
        }
        closedir(directory);
    }
    close(root);
}

static void put(FILE *plan, const char *text) {
    if (fwrite(text, 1, strlen(text) + 1, plan) == 0) fail("write");
}

static void put_mode(FILE *plan, mode_t mode) {
    char text[16];
    snprintf(text, sizeof text, "%o", mode & 07777);
    put(plan, text);
}

static void plan_entry(FILE *plan, int directory, const char *name, const struct stat *status) {
    if (S_ISLNK(status->st_mode)) {
        char target[4096];
        ssize_t count = readlinkat(directory, name, target, sizeof target - 1);
        if (count < 0) fail(name);
        target[count] = 0;
        put(plan, "L");
        put(plan, target);
    } else if (S_ISREG(status->st_mode)) {
        struct object *object = find_slot(status->st_ino);
        if (object->inode != 0) {
            put(plan, "F");
            put(plan, object->name);
        } else {
            // Empty files are not links; neither are the few that a state writes itself, whose bytes do not matter here.
            put(plan, "E");
            put_mode(plan, status->st_mode);
        }
    } else {
        fprintf(stderr, "link-tree: %s is no file, link or directory; left out\n", name);
        return;
    }
    put(plan, name);
}

// Plans one directory: its own record and entries, then its subdirectories.
static void plan_directory(FILE *plan, int descriptor, const char *path, mode_t mode) {
    put(plan, "D");
    put_mode(plan, mode);
    put(plan, path);
    struct dirent **names;
    int count = scandirat(descriptor, ".", &names, NULL, alphasort);
    if (count < 0) fail(path);
    struct stat *statuses = allocate((size_t)count * sizeof *statuses + 1);
    for (int index = 0; index < count; index++) {
        const char *name = names[index]->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
        if (fstatat(descriptor, name, &statuses[index], AT_SYMLINK_NOFOLLOW) != 0) fail(name);
        if (!S_ISDIR(statuses[index].st_mode)) plan_entry(plan, descriptor, name, &statuses[index]);
    }
    for (int index = 0; index < count; index++) {
        if (S_ISDIR(statuses[index].st_mode)) {
            const char *name = names[index]->d_name;
            int child = openat(descriptor, name, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
            if (child < 0) fail(name);
            char *below = allocate(strlen(path) + strlen(name) + 2);
            sprintf(below, "%s%s%s", path, *path ? "/" : "", name);
            plan_directory(plan, child, below, statuses[index].st_mode);
            free(below);
            close(child);
        }
        free(names[index]);
    }
    free(names);
    free(statuses);
}

static void make_plan(const char *tree, const char *object_path, const char *plan_path) {
    read_objects(object_path);
    int root = open(tree, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (root < 0 || fstat(root, &status) != 0) fail(tree);
    FILE *plan = fopen(plan_path, "we");
    if (!plan) fail(plan_path);
    plan_directory(plan, root, "", status.st_mode);
    if (fclose(plan) != 0) fail(plan_path);
    close(root);
}

// --- make ---

enum kind { LINK, SYMLINK, EMPTY };

struct entry {
    const char *name;
    const char *source;  // object name without its shard, or link target
    uint16_t mode;
    uint8_t shard;
    uint8_t kind;
};

struct directory {
    const char *path;
    size_t first, end;  // entries
    mode_t mode;
};

static struct {
    struct directory *directories;
    struct entry *entries;
    size_t directory_count, entry_count, kinds[3];
} plan;

static int shards[256];
static int root;
static atomic_size_t next_directory;

static char *read_file(const char *path, size_t *size) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (descriptor < 0 || fstat(descriptor, &status) != 0) fail(path);
    char *text = allocate((size_t)status.st_size + 1);
    for (size_t done = 0; done < (size_t)status.st_size;) {
        ssize_t count = read(descriptor, text + done, (size_t)status.st_size - done);
        if (count <= 0) fail(path);
        done += (size_t)count;
    }
    close(descriptor);
    *size = (size_t)status.st_size;
    return text;
}

static const char *next_string(char **cursor) {
    char *text = *cursor;
    *cursor += strlen(text) + 1;
    return text;
}

// Everything a call needs is a pointer into the plan's text afterwards; the timed part builds no strings.
static void read_plan(const char *path) {
    size_t size;
    char *text = read_file(path, &size);
    plan.directories = allocate((size / 4 + 1) * sizeof *plan.directories);
    plan.entries = allocate((size / 4 + 1) * sizeof *plan.entries);
    for (char *cursor = text; cursor < text + size;) {
        char kind = *next_string(&cursor);
        const char *first = next_string(&cursor);
        const char *second = next_string(&cursor);
        if (kind == 'D') {
            mode_t mode = (mode_t)strtoul(first, NULL, 8);
            plan.directories[plan.directory_count++] =
                (struct directory){.path = second, .first = plan.entry_count, .end = plan.entry_count, .mode = mode};
            continue;
        }
        struct entry entry = {.name = second, .source = first};
        if (kind == 'F') {
            entry.kind = LINK;
            entry.shard = (uint8_t)strtoul((char[]){first[0], first[1], 0}, NULL, 16);
            entry.source = first + 3;
        } else if (kind == 'L') {
            entry.kind = SYMLINK;
        } else {
            entry.kind = EMPTY;
            entry.mode = (uint16_t)strtoul(first, NULL, 8);
        }
        plan.kinds[entry.kind]++;
        plan.entries[plan.entry_count++] = entry;
        plan.directories[plan.directory_count - 1].end = plan.entry_count;
    }
}

static void make_entry(int descriptor, const struct entry *entry) {
    int result;
    switch (entry->kind) {
    case LINK: result = linkat(shards[entry->shard], entry->source, descriptor, entry->name, 0); break;
    case SYMLINK: result = symlinkat(entry->source, descriptor, entry->name); break;
    default:
        result = openat(descriptor, entry->name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, entry->mode);
        if (result >= 0) close(result);
    }
    if (result < 0) fail(entry->name);
}

static void *fill_directories(void *unused) {
    (void)unused;
    while (1) {
        size_t index = atomic_fetch_add_explicit(&next_directory, 1, memory_order_relaxed);
        if (index >= plan.directory_count) return NULL;
        const struct directory *directory = &plan.directories[index];
        if (directory->first == directory->end) continue;
        int descriptor = openat(root, *directory->path ? directory->path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (descriptor < 0) fail(directory->path);
        for (size_t entry = directory->first; entry < directory->end; entry++)
            make_entry(descriptor, &plan.entries[entry]);
        close(descriptor);
    }
}

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double processor_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void make_tree(const char *plan_path, const char *object_path, const char *tree, int threads) {
    read_plan(plan_path);
    umask(0);
    double start = seconds(), processor_start = processor_seconds();

    int store = open(object_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (store < 0) fail(object_path);
    for (int shard = 0; shard < 256; shard++) {
        char name[3];
        snprintf(name, sizeof name, "%02x", shard);
        shards[shard] = openat(store, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    if (mkdir(tree, plan.directories[0].mode) != 0) fail(tree);
    root = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) fail(tree);
    for (size_t index = 1; index < plan.directory_count; index++)
        if (mkdirat(root, plan.directories[index].path, plan.directories[index].mode) != 0)
            fail(plan.directories[index].path);
    double directories_made = seconds();

    pthread_t workers[64];
    for (int worker = 1; worker < threads; worker++)
        if (pthread_create(&workers[worker], NULL, fill_directories, NULL) != 0) fail("thread");
    fill_directories(NULL);
    for (int worker = 1; worker < threads; worker++) pthread_join(workers[worker], NULL);

    double end = seconds();
    printf("%.4f\n", end - start);
    fprintf(stderr, "directories %zu (%.3f s) links %zu symlinks %zu empty %zu threads %d processor %.3f s\n",
        plan.directory_count, directories_made - start, plan.kinds[LINK], plan.kinds[SYMLINK], plan.kinds[EMPTY],
        threads, processor_seconds() - processor_start);
}

int main(int count, char **arguments) {
    if (count == 5 && strcmp(arguments[1], "plan") == 0) {
        make_plan(arguments[2], arguments[3], arguments[4]);
    } else if ((count == 5 || count == 6) && strcmp(arguments[1], "make") == 0) {
        int threads = count == 6 ? atoi(arguments[5]) : 1;
        if (threads < 1 || threads > 64) threads = 1;
        make_tree(arguments[2], arguments[3], arguments[4], threads);
    } else {
        fputs("link-tree plan TREE OBJECTS PLAN | link-tree make PLAN OBJECTS TREE [THREADS]\n", stderr);
        return 2;
    }
    return 0;
}
