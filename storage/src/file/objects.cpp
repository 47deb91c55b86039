#include "objects.hpp"

#include "../attributes.hpp"
#include "../content_type.hpp"
#include "../preconditions.hpp"
#include "errors.hpp"
#include "files.hpp"
#include "key_lock.hpp"
#include "listing.hpp"

#include <infra/storage/key.hpp>

#include <cerrno>
#include <map>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

// In which order files come and go. README.md has the table of crashes.
//
//     put      .infra/tmp/<lot> is written and synced; .infra/meta/…<version> is written and synced; a rename makes the file the
//              object, and with it that version current; the directory is synced; what was known of the version before is removed
//     remove   the object's file, the directory is synced, what was known of it, empty directories
//
// A reader opens the object's file first and looks for what is known of that version then.

namespace infra::storage::disk {
namespace {

// Directories that others remove because they are empty, while one is about to put something in.
constexpr int races = 1000;

bool is_nothing(int reason) noexcept { return reason == ENOENT || reason == ENOTDIR; }

/// What is known of an object, written before it is there, and removed again if it does not come to that.
class new_sidecar {
public:
    new_sidecar(const layout& in, std::string path, std::string_view text, bool synced)
        : in_(in), path_(std::move(path)) {
        const auto at = split(path_);
        const auto directory = in.files.make_directories(at.directory, synced);
        if (!directory)
            return;
        file_ = create_locked(directory.get(), at.name);
        is_written_ = file_ && write_all(file_.get(), text) && (!synced || ::fsync(file_.get()) == 0) &&
                      (!synced || ::fsync(directory.get()) == 0);
    }
    ~new_sidecar() {
        if (file_ && !is_kept_)
            in_.files.remove(path_);
    }
    new_sidecar(const new_sidecar&) = delete;
    new_sidecar& operator=(const new_sidecar&) = delete;

    bool is_written() const noexcept { return is_written_; }
    void keep() noexcept { is_kept_ = true; }

private:
    const layout& in_;
    std::string path_;
    descriptor file_;
    bool is_written_ = false;
    bool is_kept_ = false;
};

std::optional<version> version_at(int directory, const location& at, const std::string& what) {
    struct stat found{};
    if (::fstatat(directory, at.name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            fail(errno, what, at.name);
        return std::nullopt;
    }
    if (!S_ISREG(found.st_mode))
        throw not_a_file(what, at.name);
    return version_of(found);
}

std::optional<std::string> etag_of(const std::optional<version>& which) {
    return which ? std::optional(etag_of(*which)) : std::nullopt;
}

// What somebody has put there by hand is what its name says.
object_info described(const std::string& key, const version& which, const std::optional<sidecar>& known) {
    auto info = info_of(key, which, known);
    if (!known)
        info.content_type = content_type_of(key, "");
    return info;
}

// It may be done: what was renamed is there, but may be gone after a power cut.
void sync_or_say(int directory, const std::string& what, const std::string& path) {
    if (::fsync(directory) == 0)
        return;
    const auto failure = failure_of(errno, what, path);
    auto details = failure.all();
    details.uncertain = true;
    throw storage_error(failure.code(), failure.what(), details);
}

} // namespace

objects::objects(std::filesystem::path directory, bool synced, clock& time)
    : directory_(std::move(directory)), synced_(synced), time_(time), layout_(open_layout(directory_, synced_)) {}

std::shared_ptr<const layout> objects::here() {
    const std::scoped_lock lock(mutex_);
    const bool was_made_writable = layout_->is_read_only && !is_read_only(layout_->files);
    if (layout_->files.is_gone() || was_made_writable)
        layout_ = open_layout(directory_, synced_);
    return layout_;
}

open_object objects::open(const std::string& key, const std::string& what) {
    const auto in = here();
    const auto at = in->place_of(key);
    std::optional<version> seen; // without a sidecar: which may have gone with the version
    while (true) {
        auto file = in->files.open(at.path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (!file && is_nothing(errno))
            throw no_such_object(what);
        struct stat found{};
        if (!file || ::fstat(file.get(), &found) != 0)
            fail(errno, what, at.path);
        if (!S_ISREG(found.st_mode))
            throw not_a_file(what, at.path);
        const auto now = version_of(found);
        const auto beside = meta_path(at, now);
        const auto text = read_small(in->files, beside);
        auto known = text ? from_text(*text) : std::nullopt;
        if (known && known->key != key)
            known.reset();
        if (!known && seen == now && in->files.look(beside))
            damage_.found(key, beside);
        if (known || seen == now)
            return {std::move(file), described(key, now, known)};
        seen = now;
    }
}

std::optional<std::optional<version>> objects::exchange(const descriptor& directory, temporary& written,
                                                        const put_request& as, const layout& in, const place& at,
                                                        const std::string& what, const asker& by) const {
    const auto to = split(at.path);
    const key_lock lock(in, at, what, by, time_);
    const auto before = version_at(directory.get(), to, what);
    check_write(as.write, etag_of(before), what);
    if (written.move_to(directory.get(), to.name, as.write.if_absent))
        return before;
    if (errno == EEXIST) // put there by somebody who takes no lock
        check_write(as.write, "", what);
    if (errno != ENOENT)
        fail(errno, what, at.path);
    return std::nullopt;
}

object_info objects::commit(temporary& written, const put_request& as, const std::string& what, const asker& by) {
    check_sum(written, as.checksum, what);
    const auto in = here();
    const auto at = in->place_of(as.key);
    const sidecar known{as.key, as.attributes, written.sum()};
    const auto text = to_text(known);
    std::optional<version> mine;
    std::optional<new_sidecar> beside;
    while (!beside || !beside->is_written()) {
        if (beside && errno != EEXIST) // the lot has been drawn before
            fail(errno, what, meta_path(at, *mine));
        mine = written.finish(time_.wall(), synced_);
        beside.emplace(*in, meta_path(at, *mine), text, synced_);
    }
    for (int race = 0; race < races; ++race) {
        const auto directory = in->files.make_directories(split(at.path).directory, synced_);
        if (!directory && errno != ENOENT)
            fail(errno, what, split(at.path).directory);
        const auto before = directory ? exchange(directory, written, as, *in, at, what, by) : std::nullopt;
        if (!before)
            continue;
        beside->keep();
        if (synced_)
            sync_or_say(directory.get(), what, at.path);
        if (*before)
            in->files.remove(meta_path(at, **before));
        return info_of(as.key, *mine, known);
    }
    fail(ENOENT, what, at.path);
}

object_info objects::copy(const copy_request& what, const asker& by) {
    const auto word = "copy " + what.from + " to " + what.to;
    const auto from = open(what.from, word);
    check_read({.if_match = what.source_if_match}, from.info, word);
    const auto& sum = from.info.checksum;
    temporary written(here(), word, sum ? sum->kind() : checksum_kind::crc32c);
    written.reserve(from.info.size);
    written.append_from(from.file.get(), 0, from.info.size, sum);
    const put_request as{.key = what.to,
                         .attributes = what.attributes ? *what.attributes : attributes_of(from.info),
                         .write = what.write};
    return commit(written, as, word, by);
}

list_page objects::list(list_options what, deadline limit) {
    const auto prefix = what.prefix;
    page_builder page(std::move(what));
    list_into(page, *here(), prefix, limit, time_);
    return std::move(page).finish();
}

objects::removed objects::unlink(const layout& in, const std::string& key, const std::string& if_match,
                                 const std::string& what, const asker& by) const {
    check_writable(in, what);
    const auto at = in.place_of(key);
    const auto from = split(at.path);
    const auto directory = in.files.open_directory(from.directory);
    if (!directory && !is_nothing(errno))
        fail(errno, what, from.directory);
    const key_lock lock(in, at, what, by, time_);
    const auto before = directory ? version_at(directory.get(), from, what) : std::nullopt;
    if (!before)
        return {};
    check_write({.if_match = if_match}, etag_of(before), what);
    if (::unlinkat(directory.get(), from.name.c_str(), 0) != 0 && errno != ENOENT)
        fail(errno, what, at.path);
    return {from.directory, meta_path(at, *before)};
}

void objects::remove(const std::string& key, const std::string& if_match, const std::string& what, const asker& by) {
    const auto in = here();
    const auto gone = unlink(*in, key, if_match, what, by);
    if (gone.meta.empty())
        return;
    sync(*in, gone.directory, what);
    forget(*in, gone);
}

std::vector<remove_outcome> objects::remove(const std::vector<std::string>& keys, const asker& by) {
    const auto in = here();
    std::map<std::string, std::vector<removed>> by_directory; // each of which is synced once
    std::vector<remove_outcome> outcomes;
    for (const auto& key : keys) {
        outcomes.push_back({.key = key});
        try {
            check_key(key);
            auto gone = unlink(*in, key, "", "remove " + key, by);
            if (!gone.meta.empty())
                by_directory[gone.directory].push_back(std::move(gone));
        } catch (const storage_error& e) {
            outcomes.back().failure = e;
        }
    }
    for (const auto& [directory, all] : by_directory)
        sync(*in, directory, "remove many");
    for (const auto& [directory, all] : by_directory)
        for (const auto& gone : all)
            forget(*in, gone);
    return outcomes;
}

// Not there: somebody has removed it since, and what was removed in it cannot come back.
void objects::sync(const layout& in, const std::string& directory, const std::string& what) const {
    if (!synced_)
        return;
    if (const auto opened = in.files.open_directory(directory))
        sync_or_say(opened.get(), what, directory);
}

void objects::forget(const layout& in, const removed& what) const noexcept {
    in.files.remove(what.meta);
    in.files.remove_empty(what.directory);
}

} // namespace infra::storage::disk
