#include "uploads.hpp"

#include "errors.hpp"
#include "files.hpp"
#include "key_lock.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/id.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace infra::storage::disk {
namespace {

constexpr std::string_view all_uploads = ".infra/uploads";
constexpr std::size_t page_size = 1000;
constexpr int last_number = 10'000;

std::string words(std::string_view verb, const upload_id& of) { return std::string(verb) + " " + of.key; }

storage_error no_upload(const std::string& what) {
    return {errc::no_upload, what + ": there is no such upload, or it is over: completed, aborted or swept"};
}

storage_error bad_part(const std::string& what, int number, std::string_view why) {
    return {errc::refused, what + ": part " + std::to_string(number) + std::string(why), {.name = "InvalidPart"}};
}

// As uuid_v7() makes them: what comes from outside may lead nowhere else.
bool is_id(std::string_view id) noexcept {
    return id.size() == 36 && id.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

std::string path_of(const upload_id& of) { return std::string(all_uploads) + '/' + of.id; }

void check_number(int number, const std::string& what) {
    if (number < 1 || number > last_number)
        throw storage_error(infra::errc::invalid_input,
                            what + ": a part's number is 1 to 10 000, not " + std::to_string(number));
}

std::optional<int> number_of(std::string_view name) noexcept {
    int number = 0;
    const auto end = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool is_one = end.ec == std::errc() && end.ptr == name.data() + name.size() && number >= 1;
    return is_one && number <= last_number && std::to_string(number) == name ? std::optional(number) : std::nullopt;
}

upload_state find(const layout& in, const upload_id& which, const std::string& what) {
    const auto text = is_id(which.id) ? read_small(in.files, path_of(which) + "/state") : std::nullopt;
    auto state = text ? state_from_text(*text) : std::nullopt;
    if (!state || state->object.key != which.key)
        throw no_upload(what);
    return std::move(*state);
}

struct open_part {
    descriptor file;
    part said{};
};

std::optional<open_part> open_one(const layout& in, const upload_id& of, int number) {
    auto file = in.files.open(path_of(of) + '/' + std::to_string(number), O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat found{};
    if (!file || ::fstat(file.get(), &found) != 0 || found.st_size < static_cast<off_t>(trailer_size))
        return std::nullopt;
    std::string trailer(trailer_size, '\0');
    const auto size = static_cast<std::uint64_t>(found.st_size);
    if (read_at(file.get(), trailer.data(), trailer.size(), size - trailer_size) !=
        static_cast<std::ptrdiff_t>(trailer_size))
        return std::nullopt;
    auto said = part_from(trailer, number, size);
    return said ? std::optional(open_part{std::move(file), std::move(*said)}) : std::nullopt;
}

void sync(const descriptor& directory, bool synced, const std::string& what, const std::string& path) {
    if (synced && ::fsync(directory.get()) != 0)
        fail(errno, what, path);
}

/// Held by who completes an upload or aborts it: there is one end.
class ending {
public:
    ending(const layout& in, const upload_id& which, const std::string& what, const asker& by, const clock& time)
        : state_(in.files.open(path_of(which) + "/state", O_RDONLY | O_NONBLOCK)) {
        const bool mine = state_ && lock_until(state_.get(), by.limit, time);
        by.check_not_left(what);
        if (state_ && !mine)
            throw storage_error(infra::errc::timed_out, what + ": somebody else is completing or aborting it");
        if (!state_ || !is_linked(state_.get()))
            throw no_upload(what);
    }

private:
    descriptor state_;
};

} // namespace

// The state first: without it no part is taken any more, and what is left is swept.
void remove_upload(const layout& in, const std::string& path) noexcept {
    in.files.remove(path + "/state");
    for (const auto& each : names_in(in.files.open_directory(path)))
        in.files.remove(path + '/' + each);
    in.files.remove_empty(path, std::string(all_uploads));
}

std::string trailer_of(const part& p) {
    auto text = p.etag + ' ' + (p.checksum ? to_text(*p.checksum) : "");
    text.resize(trailer_size - 1, ' ');
    return text + '\n';
}

std::optional<part> part_from(std::string_view trailer, int number, std::uint64_t size) {
    const auto space = trailer.find(' ');
    if (trailer.size() != trailer_size || space == std::string_view::npos || size < trailer_size)
        return std::nullopt;
    auto sum = trailer.substr(space + 1);
    sum = sum.substr(0, sum.find_first_of(" \n"));
    const auto read = checksum_from_text(sum);
    if (!read)
        return std::nullopt;
    return part{number, std::string(trailer.substr(0, space)), size - trailer_size, read};
}

std::string to_text(const upload_state& from) {
    return std::to_string(to_unix_ms(from.begun)) + '\n' + to_text(from.object);
}

std::optional<upload_state> state_from_text(std::string_view text) {
    std::int64_t ms = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), ms);
    if (end.ec != std::errc() || end.ptr == text.data() + text.size() || *end.ptr != '\n')
        return std::nullopt;
    auto object = from_text(text.substr(static_cast<std::size_t>(end.ptr - text.data()) + 1));
    return object ? std::optional(upload_state{from_unix_ms(ms), std::move(*object)}) : std::nullopt;
}

// Whole before it is seen: a sweep takes an upload without its state for one that is over.
upload_id uploads::begin(const put_request& what) {
    const auto in = store_.here();
    const upload_id made{what.key, uuid_v7()};
    const auto word = words("begin the upload of", made);
    check_writable(*in, word);
    const upload_state state{store_.time().wall(), {what.key, what.attributes, std::nullopt}};
    const auto all = in->files.open_directory(std::string(all_uploads));
    const auto directory = make_locked_directory(in->temporaries.get(), made.id);
    if (!all || !directory || !write_new(directory.get(), "state", to_text(state), store_.synced()))
        fail(errno, word, path_of(made));
    sync(directory, store_.synced(), word, path_of(made));
    if (::renameat(in->temporaries.get(), made.id.c_str(), all.get(), made.id.c_str()) != 0)
        fail(errno, word, path_of(made));
    sync(all, store_.synced(), word, std::string(all_uploads));
    return made;
}

// Under the lock of the key: what was given up does not take the place of what was put after it.
descriptor uploads::put_in_place(const layout& in, temporary& part, int number, const upload_id& to,
                                 const std::string& what, const asker& by) const {
    const key_lock lock(in, in.place_of(to.key), what, by, store_.time());
    auto directory = in.files.open_directory(path_of(to));
    if (!directory || !part.move_to(directory.get(), std::to_string(number), false))
        throw errno == ENOENT ? no_upload(what) : failure_of(errno, what, path_of(to));
    return directory;
}

part uploads::put_part(const upload_id& to, int number, const std::optional<checksum>& sum,
                       const std::function<void(temporary&)>& write, const asker& by) {
    const auto word = words("put part " + std::to_string(number) + " of", to);
    check_number(number, word);
    const auto in = store_.here();
    find(*in, to, word);
    temporary written(in, word, sum ? sum->kind() : checksum_kind::crc32c);
    write(written);
    check_sum(written, sum, word);
    const part made{number, random_hex(5), written.size(), written.sum()};
    written.append(trailer_of(made));
    written.finish(store_.time().wall(), store_.synced());
    const auto path = path_of(to);
    const auto directory = put_in_place(*in, written, number, to, word, by);
    if (!in->files.look(path + "/state")) { // it has ended meanwhile, and has not seen this part
        remove_upload(*in, path);
        throw no_upload(word);
    }
    sync(directory, store_.synced(), word, path);
    return made;
}

std::vector<part> uploads::list_parts(const upload_id& of) {
    const auto in = store_.here();
    find(*in, of, words("list the parts of", of));
    std::vector<part> all;
    for (const auto& name : names_in(in->files.open_directory(path_of(of))))
        if (const auto number = number_of(name))
            if (auto one = open_one(*in, of, *number))
                all.push_back(std::move(one->said));
    std::ranges::sort(all, {}, &part::number);
    return all;
}

object_info uploads::complete(const upload_id& of, const std::vector<part>& parts, const put_request& what,
                              const asker& by) {
    const auto word = words("complete", of);
    const auto in = store_.here();
    auto state = find(*in, of, word);
    const ending only(*in, of, word, by, store_.time());
    if (parts.empty())
        throw storage_error(errc::refused, word + ": an object is made of one part at least", {.name = "InvalidPart"});
    const auto& first = parts.front().checksum;
    temporary written(in, word, what.checksum ? what.checksum->kind() : first ? first->kind() : checksum_kind::crc32c);
    int before = 0;
    for (const auto& each : parts) {
        if (each.number <= before)
            throw storage_error(errc::refused, word + ": the parts are not in the order of their numbers",
                                {.name = "InvalidPartOrder"});
        before = each.number;
        const auto there = open_one(*in, of, each.number);
        if (!there || there->said.etag != each.etag)
            throw bad_part(word, each.number, there ? " has been replaced by another" : " did not arrive");
        written.append_from(there->file.get(), 0, there->said.size, there->said.checksum);
    }
    const put_request as{.key = of.key,
                         .attributes = std::move(state.object.attributes),
                         .write = what.write,
                         .checksum = what.checksum};
    auto made = store_.commit(written, as, word, by);
    remove_upload(*in, path_of(of));
    return made;
}

void uploads::abort(const upload_id& which, const asker& by) {
    const auto word = words("abort the upload of", which);
    const auto in = store_.here();
    try {
        find(*in, which, word);
        check_writable(*in, word);
        const ending only(*in, which, word, by, store_.time());
        remove_upload(*in, path_of(which));
    } catch (const storage_error& e) {
        if (e.code() != errc::no_upload)
            throw;
    }
}

uploads_page uploads::list(const std::string& prefix, const std::string& token) {
    const auto in = store_.here();
    std::vector<upload_info> all;
    for (auto& id : names_in(in->files.open_directory(std::string(all_uploads)))) {
        const auto text = is_id(id) ? read_small(in->files, path_of({"", id}) + "/state") : std::nullopt;
        auto state = text ? state_from_text(*text) : std::nullopt;
        if (state && state->object.key.starts_with(prefix))
            all.push_back({{std::move(state->object.key), std::move(id)}, state->begun});
    }
    const auto place = [](const upload_info& each) { return each.upload.key + '\n' + each.upload.id; };
    std::ranges::sort(all, {}, place);
    const auto last = encoding::base64url_decode(token);
    if (!last)
        throw storage_error(infra::errc::invalid_input, "list uploads: the token is not one that a list has given");
    all.erase(all.begin(), std::ranges::upper_bound(all, *last, {}, place));
    if (all.size() <= page_size)
        return {std::move(all), ""};
    all.resize(page_size);
    auto next = encoding::base64url_encode(place(all.back()));
    return {std::move(all), std::move(next)};
}

} // namespace infra::storage::disk
