#include "recorded_disk.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>

namespace infra::queue::tests {
namespace {

recorded_disk* recorder = nullptr;
sqlite3_vfs* real = nullptr;

/// What SQLite gets for a file: this, and behind it the real one.
struct file {
    sqlite3_file base;
    const char* name; // SQLite's, as long as the file is open; null: not recorded
    sqlite3_file* under;
};

sqlite3_file* under(sqlite3_file* f) { return reinterpret_cast<file*>(f)->under; }

void note(sqlite3_file* f, recorded_disk::event e) {
    const auto* name = reinterpret_cast<file*>(f)->name;
    if (!name)
        return;
    e.file = std::filesystem::path(name).filename();
    recorder->note(std::move(e));
}

using kind = recorded_disk::event::kind;

constexpr int piece = 4096; // of what is written at once the disk may do some and not others

int write(sqlite3_file* f, const void* bytes, int size, sqlite3_int64 offset) {
    if (const int failure = recorder->judge_write(); failure != SQLITE_OK)
        return failure;
    const int done = under(f)->pMethods->xWrite(under(f), bytes, size, offset);
    for (int at = 0; done == SQLITE_OK && at < size; at += piece) {
        const auto n = static_cast<std::size_t>(std::min(piece, size - at));
        note(f, {.offset = offset + at, .bytes = std::string(static_cast<const char*>(bytes) + at, n)});
    }
    return done;
}
int truncate(sqlite3_file* f, sqlite3_int64 size) {
    const int done = under(f)->pMethods->xTruncate(under(f), size);
    if (done == SQLITE_OK)
        note(f, {.what = kind::truncate, .offset = size});
    return done;
}
int sync(sqlite3_file* f, int flags) {
    const auto began = recorder->size();
    const int done = under(f)->pMethods->xSync(under(f), flags);
    if (done == SQLITE_OK)
        note(f, {.what = kind::sync, .began = began});
    return done;
}

int close(sqlite3_file* f) { return under(f)->pMethods->xClose(under(f)); }
int read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) { return under(f)->pMethods->xRead(under(f), to, n, at); }
int size_of(sqlite3_file* f, sqlite3_int64* size) { return under(f)->pMethods->xFileSize(under(f), size); }
int lock(sqlite3_file* f, int how) { return under(f)->pMethods->xLock(under(f), how); }
int unlock(sqlite3_file* f, int how) { return under(f)->pMethods->xUnlock(under(f), how); }
int check_lock(sqlite3_file* f, int* held) { return under(f)->pMethods->xCheckReservedLock(under(f), held); }
int control(sqlite3_file* f, int what, void* with) { return under(f)->pMethods->xFileControl(under(f), what, with); }
int sector(sqlite3_file* f) { return under(f)->pMethods->xSectorSize(under(f)); }
int device(sqlite3_file* f) { return under(f)->pMethods->xDeviceCharacteristics(under(f)); }
int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** at) {
    return under(f)->pMethods->xShmMap(under(f), page, size, extend, at);
}
int shm_lock(sqlite3_file* f, int from, int n, int how) { return under(f)->pMethods->xShmLock(under(f), from, n, how); }
void shm_barrier(sqlite3_file* f) { under(f)->pMethods->xShmBarrier(under(f)); }
int shm_unmap(sqlite3_file* f, int remove) { return under(f)->pMethods->xShmUnmap(under(f), remove); }
int fetch(sqlite3_file* f, sqlite3_int64 at, int n, void** page) {
    return under(f)->pMethods->xFetch(under(f), at, n, page);
}
int unfetch(sqlite3_file* f, sqlite3_int64 at, void* page) { return under(f)->pMethods->xUnfetch(under(f), at, page); }

const sqlite3_io_methods methods{3,        close,       read,       write,   truncate, sync,   size_of,
                                 lock,     unlock,      check_lock, control, sector,   device, shm_map,
                                 shm_lock, shm_barrier, shm_unmap,  fetch,   unfetch};

int open(sqlite3_vfs*, const char* name, sqlite3_file* f, int flags, int* got) {
    auto* made = reinterpret_cast<file*>(f);
    made->under = reinterpret_cast<sqlite3_file*>(made + 1);
    made->name = (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0 ? name : nullptr;
    made->base.pMethods = nullptr;
    const int done = real->xOpen(real, name, made->under, flags, got);
    if (made->under->pMethods)
        made->base.pMethods = &methods;
    return done;
}

int remove(sqlite3_vfs*, const char* name, int sync_folder) {
    const int done = real->xDelete(real, name, sync_folder);
    if (done == SQLITE_OK)
        recorder->note({.what = kind::remove, .file = std::filesystem::path(name).filename()});
    return done;
}

sqlite3_vfs recording{};

} // namespace

recorded_disk::recorded_disk() {
    real = sqlite3_vfs_find(nullptr);
    recorder = this;
    recording = *real; // all that takes no file is asked of the real one, which is handed a copy of itself
    recording.zName = "recorded";
    recording.szOsFile = static_cast<int>(sizeof(file)) + real->szOsFile;
    recording.xOpen = open;
    recording.xDelete = remove;
    sqlite3_vfs_register(&recording, 1);
}

recorded_disk::~recorded_disk() {
    sqlite3_vfs_unregister(&recording);
    sqlite3_vfs_register(real, 1);
    recorder = nullptr;
}

std::size_t recorded_disk::size() const {
    const std::scoped_lock lock(mutex_);
    return events_.size();
}

std::size_t recorded_disk::writes() const {
    const std::scoped_lock lock(mutex_);
    return writes_;
}

std::vector<recorded_disk::event> recorded_disk::events() const {
    const std::scoped_lock lock(mutex_);
    return events_;
}

void recorded_disk::note(event e) {
    const std::scoped_lock lock(mutex_);
    events_.push_back(std::move(e));
}

void recorded_disk::fail(int code, std::size_t after, std::size_t number) {
    const std::scoped_lock lock(mutex_);
    failure_ = code;
    until_failure_ = after;
    failures_ = number;
}

int recorded_disk::judge_write() {
    const std::scoped_lock lock(mutex_);
    ++writes_;
    if (failures_ == 0 || failure_ == SQLITE_OK)
        return SQLITE_OK;
    if (until_failure_ > 0) {
        --until_failure_;
        return SQLITE_OK;
    }
    --failures_;
    return failure_;
}

void carry_out(const recorded_disk::event& e, recorded_disk::files& on) {
    const auto at = static_cast<std::size_t>(e.offset);
    switch (e.what) {
    case kind::write: {
        auto& content = on[e.file];
        content.resize(std::max(content.size(), at + e.bytes.size()));
        std::memcpy(content.data() + at, e.bytes.data(), e.bytes.size());
        return;
    }
    case kind::truncate: on[e.file].resize(at); return;
    case kind::remove: on.erase(e.file); return;
    case kind::sync: on[e.file]; return;
    }
}

void write_files(const recorded_disk::files& all, const std::filesystem::path& folder) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    for (const auto& [name, content] : all)
        std::ofstream(folder / name, std::ios::binary) << content;
}

} // namespace infra::queue::tests
