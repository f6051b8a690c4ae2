// hash-files: the limit a full check is measured against. Reads every file in the directories of a directory and hashes
// each with XXH3-128, with nothing but the system calls that takes.
//
//   hash-files DIRECTORY [N]    with N threads (1); prints seconds, files, bytes and a sum of all digests
//   hash-files --stat N TREE... looks at every entry below the trees instead (fstatat), and hashes nothing; each of N
//                               threads takes the next directory; prints seconds and entries. The limit of a quick check.
//
// Files are read in the order of their inodes, the one a disk likes; listing the directories is part of the time.
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
#include <xxhash.h>

static void fail(const char *what) {
    fprintf(stderr, "hash-files: %s: %s\n", what, strerror(errno));
    exit(1);
}

struct file {
    uint64_t inode;
    int directory;
    char name[60];
};

static struct file *files;
static size_t file_count, file_capacity;

static void add(uint64_t inode, int directory, const char *name) {
    if (file_count == file_capacity) {
        file_capacity = file_capacity ? 2 * file_capacity : 1u << 16;
        files = realloc(files, file_capacity * sizeof *files);
        if (!files) fail("memory");
    }
    struct file *file = &files[file_count++];
    file->inode = inode;
    file->directory = directory;
    if (strlen(name) >= sizeof file->name) {
        errno = ENAMETOOLONG;
        fail(name);
    }
    strcpy(file->name, name);
}

static void list(int root, const char *name) {
    int directory = openat(root, name, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    int copy = directory < 0 ? -1 : dup(directory);
    DIR *stream = copy < 0 ? NULL : fdopendir(copy);
    if (!stream) fail(name);
    for (struct dirent *entry; (entry = readdir(stream));)
        if (entry->d_type == DT_REG) add(entry->d_ino, directory, entry->d_name);
    closedir(stream);
}

static int by_inode(const void *left, const void *right) {
    uint64_t one = ((const struct file *)left)->inode, other = ((const struct file *)right)->inode;
    return (one > other) - (one < other);
}

enum { buffer_size = 1 << 20, run_length = 128 };

static atomic_size_t next_file;
static atomic_ullong total_bytes, total_sum;

static void *work(void *unused) {
    (void)unused;
    char *buffer = NULL;
    if (posix_memalign((void **)&buffer, 4096, buffer_size)) fail("memory");
    XXH3_state_t *state = XXH3_createState();
    if (!state) fail("memory");
    uint64_t bytes = 0, sum = 0;
    size_t first;
    while ((first = atomic_fetch_add(&next_file, run_length)) < file_count) {
        size_t end = first + run_length < file_count ? first + run_length : file_count;
        for (size_t index = first; index < end; index++) {
            int file = openat(files[index].directory, files[index].name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
            if (file < 0) fail(files[index].name);
            ssize_t count = read(file, buffer, buffer_size);
            XXH128_hash_t digest;
            if (count >= 0 && count < buffer_size) {
                bytes += (uint64_t)count;
                digest = XXH3_128bits(buffer, (size_t)count);
            } else {
                XXH3_128bits_reset(state);
                for (; count > 0; count = read(file, buffer, buffer_size)) {
                    bytes += (uint64_t)count;
                    XXH3_128bits_update(state, buffer, (size_t)count);
                }
                digest = XXH3_128bits_digest(state);
            }
            if (count < 0) fail(files[index].name);
            sum += digest.low64 ^ digest.high64;
            close(file);
        }
    }
    atomic_fetch_add(&total_bytes, bytes);
    atomic_fetch_add(&total_sum, sum);
    XXH3_freeState(state);
    free(buffer);
    return NULL;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// Directories that nobody has looked at yet; a thread that finds none waits until all others have found none.
static pthread_mutex_t places_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t places_changed = PTHREAD_COND_INITIALIZER;
static char **places;
static size_t place_count, place_capacity, busy_count;
static atomic_size_t entry_count;

static void add_place(const char *directory, const char *name) {
    char *path = malloc(strlen(directory) + strlen(name) + 2);
    if (!path) fail("memory");
    sprintf(path, *directory ? "%s/%s" : "%s%s", directory, name);
    pthread_mutex_lock(&places_lock);
    if (place_count == place_capacity) {
        place_capacity = place_capacity ? 2 * place_capacity : 1u << 12;
        places = realloc(places, place_capacity * sizeof *places);
        if (!places) fail("memory");
    }
    places[place_count++] = path;
    pthread_cond_signal(&places_changed);
    pthread_mutex_unlock(&places_lock);
}

static void look_at(const char *path) {
    DIR *stream = opendir(path);
    if (!stream) fail(path);
    size_t entries = 0;
    for (struct dirent *entry; (entry = readdir(stream));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        struct stat status;
        if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW)) fail(entry->d_name);
        entries++;
        if (S_ISDIR(status.st_mode)) add_place(path, entry->d_name);
    }
    closedir(stream);
    atomic_fetch_add(&entry_count, entries);
}

static void *look(void *unused) {
    (void)unused;
    pthread_mutex_lock(&places_lock);
    while (1) {
        while (!place_count && busy_count) pthread_cond_wait(&places_changed, &places_lock);
        if (!place_count) break;
        char *path = places[--place_count];
        busy_count++;
        pthread_mutex_unlock(&places_lock);
        look_at(path);
        free(path);
        pthread_mutex_lock(&places_lock);
        busy_count--;
        if (!busy_count && !place_count) pthread_cond_broadcast(&places_changed);
    }
    pthread_mutex_unlock(&places_lock);
    return NULL;
}

static int look_at_trees(int thread_count, char **trees) {
    double start = now();
    for (; *trees; trees++) add_place("", *trees);
    pthread_t threads[64];
    for (int index = 0; index < thread_count; index++)
        if (pthread_create(&threads[index], NULL, look, NULL)) fail("thread");
    for (int index = 0; index < thread_count; index++) pthread_join(threads[index], NULL);
    printf("%.6f\n%zu\n", now() - start, atomic_load(&entry_count));
    return 0;
}

int main(int count, char **arguments) {
    if (count > 3 && !strcmp(arguments[1], "--stat") && atoi(arguments[2]) > 0 && atoi(arguments[2]) <= 64)
        return look_at_trees(atoi(arguments[2]), arguments + 3);
    int thread_count = count > 2 ? atoi(arguments[2]) : 1;
    if (count < 2 || count > 3 || thread_count < 1 || thread_count > 64) {
        fputs("usage: hash-files DIRECTORY [THREADS]\n       hash-files --stat THREADS TREE...\n", stderr);
        return 2;
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit)) fail("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit)) fail("setrlimit");
    double start = now();
    int root = open(arguments[1], O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    DIR *stream = root < 0 ? NULL : fdopendir(root);
    if (!stream) fail(arguments[1]);
    for (struct dirent *entry; (entry = readdir(stream));)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.') list(root, entry->d_name);
    closedir(stream);
    qsort(files, file_count, sizeof *files, by_inode);
    pthread_t threads[64];
    for (int index = 0; index < thread_count; index++)
        if (pthread_create(&threads[index], NULL, work, NULL)) fail("thread");
    for (int index = 0; index < thread_count; index++) pthread_join(threads[index], NULL);
    printf("%.6f\n%zu\n%llu\n%016llx\n", now() - start, file_count, (unsigned long long)atomic_load(&total_bytes),
           (unsigned long long)atomic_load(&total_sum));
    return 0;
}
