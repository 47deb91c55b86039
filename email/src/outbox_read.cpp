#include <infra/email/outbox.hpp>

#include "mime/read_header.hpp"
#include "outbox_name.hpp"

#include <infra/base/error.hpp>
#include <infra/runtime/regular_file.hpp>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <utility>

namespace infra::email {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t header_bytes = 64 * 1024;
constexpr std::size_t mail_bytes = 100 * 1024 * 1024;

[[noreturn]] void fail(const std::string& path, std::string_view why) {
    throw error(infra::errc::io, "outbox: cannot read " + path + ": " + std::string(why));
}

// The fields that are whole, of a header that is longer than what was read of it.
std::vector<mime::field> fields_of(std::string_view text, bool cut) {
    if (!cut || text.find("\r\n\r\n") != std::string_view::npos)
        return mime::take_fields(text);
    std::string whole(text.substr(0, text.rfind("\r\n")));
    whole += "\r\n\r\n";
    std::string_view rest = whole;
    auto fields = mime::take_fields(rest);
    if (!fields.empty())
        fields.pop_back(); // its end may be missing
    return fields;
}

std::string_view value_of(const std::vector<mime::field>& fields, std::string_view name) {
    const auto found = std::ranges::find(fields, name, &mime::field::name);
    if (found == fields.end())
        mime::refuse("the field " + std::string(name) + " is missing");
    return found->value;
}

void read_header(stored_mail& to) {
    const auto file = read_beginning(to.file, header_bytes, symlinks::refused);
    to.size = file.size;
    const auto fields = fields_of(file.text, file.size > file.text.size());
    auto from = mime::mailboxes_in(value_of(fields, "From"));
    auto subject = mime::decoded(value_of(fields, "Subject"));
    to.to = mime::mailboxes_in(value_of(fields, "To"));
    to.from = std::move(from.front());
    to.subject = std::move(subject);
}

stored_mail described(const std::string& directory, const std::string& name) {
    stored_mail made{.id = id_in_name(name),
                     .date = time_in_name(name).value_or(wall_time()),
                     .file = (fs::path(directory) / name).string()};
    try {
        read_header(made);
    } catch (const error& e) {
        made.problem = e.what();
    }
    return made;
}

template <class F>
void for_each_name(const std::string& directory, F f) {
    std::error_code ec;
    fs::directory_iterator each(directory, ec);
    if (ec == std::errc::no_such_file_or_directory)
        return;
    for (; !ec && each != fs::directory_iterator(); each.increment(ec))
        if (auto name = each->path().filename().string(); !id_in_name(name).empty())
            f(std::move(name));
    if (ec)
        fail(directory, ec.message());
}

// At most `most`, newest first. Holds no more than that of them, however many there are.
std::vector<std::string> newest(const outbox_query& of, std::size_t most) {
    std::vector<std::string> heap;
    for_each_name(of.directory, [&](std::string name) {
        if (!of.before.empty() && name >= of.before)
            return;
        heap.push_back(std::move(name));
        std::ranges::push_heap(heap, std::greater());
        if (heap.size() > most) {
            std::ranges::pop_heap(heap, std::greater());
            heap.pop_back();
        }
    });
    std::ranges::sort(heap, std::greater());
    return heap;
}

// Its name, or none.
std::string name_in_outbox(const std::string& directory, std::string_view id) {
    std::vector<std::string> found;
    std::string exact;
    for_each_name(directory, [&](std::string name) {
        const auto known = id_in_name(name);
        if (known == id)
            exact = name;
        if (known.starts_with(id) && found.size() < 2)
            found.push_back(std::move(name));
    });
    if (exact.empty() && found.size() > 1)
        throw error(infra::errc::invalid_input,
                    "outbox: several mails have ids that begin with " + std::string(id) + "; give more of it");
    return exact.empty() && !found.empty() ? found.front() : exact;
}

} // namespace

outbox_page list_outbox(const outbox_query& query) {
    if (query.limit < 1 || query.limit > 1000)
        throw std::invalid_argument("email::outbox_query::limit must be 1 to 1000");
    auto names = newest(query, query.limit + 1);
    outbox_page page;
    if (names.size() > query.limit) {
        names.pop_back();
        page.next = names.back();
    }
    std::ranges::transform(names, std::back_inserter(page.mails),
                           [&](const std::string& name) { return described(query.directory, name); });
    return page;
}

std::optional<std::string> read_outbox(const std::string& directory, std::string_view id) {
    const auto name = id.empty() ? std::string() : name_in_outbox(directory, id);
    if (name.empty())
        return std::nullopt;
    const auto path = (fs::path(directory) / name).string();
    auto file = read_beginning(path, mail_bytes, symlinks::refused);
    if (file.size > file.text.size())
        fail(path, "it has over 100 MiB");
    return std::move(file.text);
}

message to_message(mail from) {
    message made{.from = std::move(from.from),
                 .to = std::move(from.to),
                 .cc = std::move(from.cc),
                 .bcc = std::move(from.bcc),
                 .reply_to = std::move(from.reply_to),
                 .subject = std::move(from.subject),
                 .hosted = std::move(from.hosted),
                 .attachments = std::move(from.attachments),
                 .headers = std::move(from.headers),
                 .tags = std::move(from.tags),
                 .topic_id = std::move(from.topic_id)};
    if (!made.hosted)
        made.content =
            rendered_email{.subject = made.subject, .html = std::move(from.html), .text = std::move(from.text)};
    return made;
}

} // namespace infra::email
