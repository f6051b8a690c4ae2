#pragma once
#include <curl/curl.h>

// curl's setters and getters take any type, which Swift cannot call: one for each type that is used.

typedef size_t (*moss_curl_sink)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode moss_curl_set_long(CURL *handle, CURLoption option, long value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode moss_curl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode moss_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode moss_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return (curl_easy_setopt)(handle, option, value);
}
static inline CURLcode moss_curl_set_sink(CURL *handle, CURLoption option, moss_curl_sink sink) {
    return (curl_easy_setopt)(handle, option, sink);
}
static inline CURLcode moss_curl_set_seek(CURL *handle, curl_seek_callback seek) {
    return (curl_easy_setopt)(handle, CURLOPT_SEEKFUNCTION, seek);
}
static inline long moss_curl_get_long(CURL *handle, CURLINFO info) {
    long value = 0;
    (curl_easy_getinfo)(handle, info, &value);
    return value;
}
static inline void *moss_curl_get_pointer(CURL *handle) {
    char *value = 0;
    (curl_easy_getinfo)(handle, CURLINFO_PRIVATE, &value);
    return value;
}
static inline CURLMcode moss_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return (curl_multi_setopt)(multi, option, value);
}
static inline CURLcode moss_curl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }
/// The handle and result of a transfer that has ended; null when there is none.
static inline CURL *moss_curl_next_ended(CURLM *multi, CURLcode *result) {
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left)) != 0) {
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return message->easy_handle;
        }
    }
    return 0;
}
