#include "storage_verbs.hpp"

#include "printable.hpp"
#include "shown_words.hpp"
#include "table.hpp"

#include <infra/runtime/wait.hpp>

#include <algorithm>
#include <memory>
#include <ostream>
#include <stdexcept>

namespace infra::cli {
namespace {

// --- head -----------------------------------------------------------------------------------------------------------

std::string checksum_of(const storage::object_info& info) {
    if (info.checksum)
        return std::string(to_string(info.checksum->kind())) + " " + info.checksum->base64();
    if (!info.composite)
        return {};
    const auto how = info.part_size > 0 ? " parts of " + shown_size(info.part_size) : " parts";
    return std::string(to_string(info.composite->of_parts.kind())) + " " + info.composite->base64() +
           ", of the checksums of " + std::to_string(info.composite->parts) + how;
}

std::string sheet_of(const storage::object_info& info) {
    std::vector<std::pair<std::string, std::string>> facts{
        {"Key", info.key},
        {"Size", shown_size(info.size) + (info.size < 1024 ? "" : " (" + std::to_string(info.size) + " B)")},
        {"Modified", text_of(std::optional(info.modified))},
        {"ETag", info.etag},
        {"Checksum", checksum_of(info)},
        {"Type", info.content_type},
        {"Cache", info.cache_control},
        {"Disposition", info.content_disposition},
        {"Encoding", info.content_encoding},
        {"Language", info.content_language}};
    for (const auto& [name, value] : info.metadata)
        facts.emplace_back("Metadata", name + "=" + value);
    return fact_sheet(facts);
}

exit_code head(const std::string& key, const storage_session& with) {
    const auto info = wait(with.files.head(key));
    if (!info)
        return with.to.fail(exit_code::not_found, "there is no object '" + printable(key) + "'");
    with.to.print(sheet_of(*info), document_of(*info));
    return exit_code::ok;
}

// --- sign -----------------------------------------------------------------------------------------------------------

struct sign_words {
    std::string key;
    std::string method = "GET";
    std::string expires = "3600";
    std::optional<std::uint64_t> length;
    storage::signed_url_options how;
};

http::method method_of(std::string word) {
    std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    const auto method = http::parse_method(word);
    for (const auto possible : {http::method::get, http::method::put, http::method::head, http::method::delete_})
        if (method == possible)
            return method;
    throw std::invalid_argument("--method: expected GET, PUT, HEAD or DELETE");
}

std::chrono::seconds seconds_of(const std::string& word) {
    const bool digits = !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
    const auto span = parse_duration(digits ? word + "s" : word);
    if (!span || *span < std::chrono::seconds(1) || *span > storage::max_signed_for)
        throw std::invalid_argument("--expires: expected 1 to 604800 seconds, or a duration such as 15m or 7d");
    return std::chrono::duration_cast<std::chrono::seconds>(*span);
}

exit_code sign(const sign_words& words, const storage_session& with) {
    auto how = words.how;
    how.method = method_of(words.method);
    how.content_length = words.length;
    const auto expires = seconds_of(words.expires);
    auto signing = with.files.sign(words.key, expires, how);
    const auto made = wait(std::move(signing));
    json::object headers;
    for (const auto& [name, value] : made.headers)
        headers[name] = value;
    with.to.print(
        made.url,
        {{"url", made.url}, {"method", to_string(how.method)}, {"headers", headers}, {"expires_in", expires.count()}});
    if (!with.to.json)
        for (const auto& [name, value] : made.headers)
            with.to.err << "infra: to be sent along: " << printable(name + ": " + value) << '\n';
    return exit_code::ok;
}

} // namespace

void add_storage_head(const storage_group& to) {
    const auto key = std::make_shared<std::string>();
    to.add({.name = "head",
            .description = "Tells what the store knows of an object. Nothing there exits with 3.",
            .examples = {"infra storage head avatars/user-123.jpg"}},
           storage_opening::existing, [key](const storage_session& with) { return head(*key, with); })
        .add_option("key", *key, "Of the object")
        ->required();

    const auto words = std::make_shared<sign_words>();
    auto& app = to.add({.name = "sign",
                        .description = "Prints a URL with which somebody without keys can read or write one object.",
                        .examples = {"infra storage sign report.pdf --expires 600",
                                     "curl -T photo.jpg \"$(infra storage sign in/photo.jpg --method PUT)\""}},
                       storage_opening::existing, [words](const storage_session& with) { return sign(*words, with); });
    app.add_option("key", words->key, "Of the object")->required();
    app.add_option("--method", words->method, "What it is for")
        ->capture_default_str()
        ->type_name("GET|PUT|HEAD|DELETE");
    app.add_option("--expires", words->expires, "Seconds, or such as 15m; at most 7d")->capture_default_str();
    app.add_option("--type", words->how.content_type, "Of a PUT: exactly this content type is to be sent");
    app.add_option("--length", words->length, "Of a PUT: exactly so many bytes are to be sent");
    app.add_flag("--if-absent", words->how.if_absent, "Of a PUT: only if there is no object");
    app.add_option("--disposition", words->how.response_content_disposition,
                   "Of a GET: what the answer is to say, such as 'attachment; filename=\"a.pdf\"'");
}

} // namespace infra::cli
