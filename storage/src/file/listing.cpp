#include "listing.hpp"

#include "errors.hpp"
#include "files.hpp"
#include "sidecar.hpp"

#include <infra/storage/key.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>

namespace infra::storage::disk {
namespace {

// Names kept of one directory at a time; it is read again for the next ones.
constexpr std::size_t most_names = 4096;

/// What a directory holds, also in the directories into which long names are cut.
struct entry {
    std::string text{}; ///< a key, or with '/' at the end the beginning of those in a directory
    std::string path{};

    bool is_directory() const noexcept { return text.ends_with('/'); }
};

bool is_nothing_to_list(int reason) noexcept { return reason == ENOENT || reason == ENOTDIR || reason == ELOOP; }

// What a fresh file system has at its root, and others may not read.
bool is_of_the_system(const std::string& path, int reason) noexcept { return path == "lost+found" && reason == EACCES; }

bool is_of_kind(name_kind kind, unsigned char type) noexcept {
    return type == DT_UNKNOWN || type == (kind == name_kind::object ? DT_REG : DT_DIR);
}

class walk {
public:
    walk(page_builder& page, const layout& in, deadline limit, const clock& time)
        : page_(page), in_(in), limit_(limit), time_(time) {}

    /// Of the keys that begin so, which lie in that directory. False: the page is full.
    bool visit(const std::string& beginning, const std::string& path) {
        std::string behind;
        while (true) {
            check_time();
            std::vector<entry> next;
            collect(next, {beginning, path}, beginning.size(), behind);
            std::ranges::sort(next, {}, &entry::text);
            for (const auto& each : next)
                if (!(each.is_directory() ? descend(each) : offer(each)))
                    return false;
            if (next.size() < most_names)
                return true;
            behind = next.back().text;
        }
    }

private:
    /// Adds what stands in `from`, which is a directory or one that a name goes on in. The segment begins at `segment` of its text.
    void collect(std::vector<entry>& to, const entry& from, std::size_t segment, const std::string& behind) {
        for_each_name(from.path, [&](const std::string& name, const decoded_name& meant) {
            entry found{from.text + meant.text, from.path.empty() ? name : from.path + '/' + name};
            if (meant.kind == name_kind::continued) {
                if (found.text.size() <= max_key_size && page_.may_hold(found.text))
                    collect(to, found, segment, behind);
                return true;
            }
            if (meant.kind == name_kind::directory)
                found.text += '/';
            if (found.text > behind && is_wanted(found) && is_among_least(to, found) && is_ours(found, segment))
                keep_least(to, std::move(found));
            return true;
        });
    }

    bool is_wanted(const entry& found) const {
        return found.is_directory() ? page_.may_hold(found.text) : page_.wants(found.text);
    }

    // Others than those that path_of() gives are nobody's.
    bool is_ours(const entry& found, std::size_t segment) const {
        const auto kind = found.is_directory() ? name_kind::directory : name_kind::object;
        const auto key = std::string_view(found.text).substr(0, found.text.size() - found.is_directory());
        std::string path;
        for (const auto& each : names_of(key.substr(segment), kind, in_.apart))
            path += '/' + each;
        return ('/' + found.path).ends_with(path) && is_key(key);
    }

    static bool is_among_least(const std::vector<entry>& all, const entry& next) noexcept {
        return all.size() < most_names || next.text < all.front().text;
    }

    static void keep_least(std::vector<entry>& all, entry&& next) {
        if (all.size() == most_names) {
            std::ranges::pop_heap(all, {}, &entry::text);
            all.pop_back();
        }
        all.push_back(std::move(next));
        std::ranges::push_heap(all, {}, &entry::text);
    }

    bool descend(const entry& into) {
        if (!page_.may_hold(into.text)) // by now
            return true;
        if (auto prefix = page_.prefix_of_all(into.text))
            return !holds_objects(into) || page_.add_prefix(std::move(*prefix));
        return visit(into.text, into.path);
    }

    bool offer(const entry& object) {
        if (!page_.wants(object.text)) // by now
            return true;
        const auto found = in_.files.look(object.path);
        if (!found || !S_ISREG(found->st_mode))
            return true;
        if (auto prefix = page_.prefix_of(object.text))
            return page_.add_prefix(std::move(*prefix));
        return page_.add(info_of(object.text, version_of(*found), std::nullopt));
    }

    bool holds_objects(const entry& in) {
        check_time();
        std::vector<entry> directories;
        bool is_found = false;
        for_each_name(in.path, [&](const std::string& name, const decoded_name& meant) {
            entry found{in.text + meant.text, in.path + '/' + name};
            if (meant.kind == name_kind::object)
                is_found = key_of(found.path, in_.apart) == found.text && is_regular(found);
            else if (found.text.size() <= max_key_size) {
                found.text += meant.kind == name_kind::directory ? "/" : "";
                directories.push_back(std::move(found));
            }
            return !is_found;
        });
        return is_found || std::ranges::any_of(directories, [this](const entry& each) { return holds_objects(each); });
    }

    bool is_regular(const entry& object) const noexcept {
        const auto found = in_.files.look(object.path);
        return found && S_ISREG(found->st_mode);
    }

    /// Calls `f(name, what it stands for)` until it gives false.
    template <class F>
    void for_each_name(const std::string& path, F f) const {
        auto file = in_.files.open_directory(path);
        if (!file && !is_nothing_to_list(errno) && !is_of_the_system(path, errno))
            fail(errno, "list", path);
        const auto stream = stream_of(std::move(file));
        for (const dirent* next = stream ? ::readdir(stream.get()) : nullptr; next; next = ::readdir(stream.get())) {
            const std::string name = next->d_name;
            const auto meant = decode_name(name);
            if (meant && is_of_kind(meant->kind, next->d_type) && !f(name, *meant))
                return;
        }
    }

    void check_time() const {
        if (limit_.passed(time_.steady()))
            throw storage_error(infra::errc::timed_out, "list: the directory was not read in time");
    }

    page_builder& page_;
    const layout& in_;
    const deadline limit_;
    const clock& time_;
};

} // namespace

void list_into(page_builder& page, const layout& in, const std::string& prefix, deadline limit, const clock& time) {
    const auto beginning = prefix.substr(0, prefix.rfind('/') + 1); // npos + 1 is 0
    walk(page, in, limit, time).visit(beginning, directory_of(beginning, in.apart));
}

} // namespace infra::storage::disk
