// POST Object: what a browser's form uploads.

#include "checks.hpp"
#include "digest.hpp"
#include "letters.hpp"
#include "service.hpp"
#include "xml.hpp"

#include "storage/src/sigv4/post_policy.hpp"

#include <cctype>

namespace infra::storage::stub {
namespace {

struct form {
    fields values;
    std::string file;
    std::string file_name;
};

std::string parameter(std::string_view head, std::string_view name) {
    const auto at = head.find(" " + std::string(name) + "=\"");
    if (at == std::string_view::npos)
        return {};
    const auto begin = at + name.size() + 3;
    return std::string(head.substr(begin, head.find('"', begin) - begin));
}

// multipart/form-data as browsers write it. The file is the last field; S3 ignores what comes behind it.
form parse(std::string_view body, const std::string& boundary) {
    form out;
    const auto between = "\r\n--" + boundary;
    const auto malformed =
        refusal(400, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.");
    if (!body.starts_with(std::string_view(between).substr(2)))
        throw malformed;
    body.remove_prefix(between.size() - 2);
    while (body.starts_with("\r\n")) {
        const auto head_end = body.find("\r\n\r\n"), end = body.find(between, head_end + 2);
        if (head_end == std::string_view::npos || end == std::string_view::npos)
            throw malformed;
        const auto head = body.substr(0, head_end), value = body.substr(head_end + 4, end - head_end - 4);
        const auto name = parameter(head, "name");
        if (name == "file") {
            out.file = value;
            out.file_name = parameter(head, "filename");
            return out;
        }
        out.values.emplace_back(name, value);
        body.remove_prefix(end + between.size());
    }
    throw refusal(400, "InvalidArgument", "POST requires exactly one file upload per request.");
}

} // namespace

answer service::form(const message& m) {
    if (!options_.profile.forms)
        throw refusal(501, "NotImplemented", "POST Object is not implemented");
    const auto type = m.header("content-type").value_or("");
    const auto at = type.find("boundary=");
    if (at == std::string::npos)
        throw refusal(412, "PreconditionFailed", "Bucket POST must be of the enclosure-type multipart/form-data");
    auto posted = parse(m.body.bytes.view(), type.substr(at + 9));
    std::string document, key;
    message put{.method = "PUT", .bucket = m.bucket};
    for (auto& [name, value] : posted.values) {
        const auto field = lower(name);
        if (field == "key") {
            if (const auto variable = value.find(sigv4::file_name_variable); variable != std::string::npos)
                value.replace(variable, sigv4::file_name_variable.size(), posted.file_name);
            key = value;
        }
        if (field == "policy")
            document = encoding::base64_decode(value).value_or("");
        put.headers.emplace_back(field, value);
    }
    const auto secret_of = [&](std::string_view id) {
        return id == options_.keys.access_key_id ? std::optional(options_.keys.secret_access_key) : std::nullopt;
    };
    if (const auto v = sigv4::check_form(posted.values, secret_of, {options_.region, now()}); v != sigv4::verdict::good)
        throw refusal_of(v, options_, now());
    std::erase_if(posted.values, [](const auto& f) { return lower(f.first) == "bucket"; });
    posted.values.emplace_back("bucket", m.bucket);
    if (const auto why = sigv4::check_policy(document, posted.values, posted.file.size(), now()))
        throw refusal(why->status, why->code, why->sentence);
    put.key = key;
    put.body = {posted.file.size(), shared_bytes(std::move(posted.file)), false};
    auto done = this->put(put);
    const auto wanted = value_of(put.headers, "success_action_status").value_or("204");
    done.status = wanted == "200" ? 200 : wanted == "201" ? 201 : 204;
    if (done.status != 201)
        return done;
    xml out("PostResponse");
    out.element("Bucket", m.bucket).element("Key", key).element("ETag", value_of(done.headers, "etag").value_or(""));
    return std::move(out).answer(201);
}

} // namespace infra::storage::stub
