#pragma once

/// S3's XML, written.
///
///     xml out("CopyObjectResult");
///     out.element("ETag", in_quotes(etag));
///     return std::move(out).answer();

#include "message.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/time.hpp>

#include <cctype>
#include <string>
#include <string_view>

namespace infra::storage::stub {

/// Control characters become references, which XML 1.0 does not allow; S3 writes them all the same.
inline std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto u = static_cast<unsigned char>(c);
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else if (u < 0x20)
            out += "&#" + std::to_string(u) + ";";
        else
            out += c;
    }
    return out;
}

/// "ChecksumCRC32C" for "crc32c".
inline std::string checksum_element(std::string_view algorithm) {
    std::string name = "Checksum";
    for (const char c : algorithm)
        name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

inline std::string in_quotes(std::string_view etag) { return '"' + std::string(etag) + '"'; }
inline std::string xml_time(wall_time t) {
    const auto text = format_rfc3339(t);
    return {text.begin(), text.end()};
}

/// `encoding-type=url`: as a form's, but with '/'.
inline std::string url_encoded(std::string_view key) {
    std::string out;
    for (const char c : encoding::percent_encode(key, encoding::path)) {
        out += c;
        if (out.ends_with("%20"))
            out.replace(out.size() - 3, 3, "+");
    }
    return out;
}

inline answer text_answer(int status, std::string text, fields headers = {}) {
    answer a{.status = status, .headers = std::move(headers)};
    a.length = text.size();
    a.body = {text.size(), shared_bytes(std::move(text)), false};
    return a;
}

class xml {
public:
    explicit xml(std::string_view root) : root_(root) {
        text_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" + root_ +
                " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
    }

    xml& element(std::string_view name, std::string_view value) {
        text_.append("<").append(name).append(">").append(escaped(value)).append("</").append(name).append(">");
        return *this;
    }
    xml& open(std::string_view name) {
        text_.append("<").append(name).append(">");
        return *this;
    }
    xml& close(std::string_view name) {
        text_.append("</").append(name).append(">");
        return *this;
    }

    stub::answer answer(int status = 200, fields headers = {}) && {
        headers.emplace_back("content-type", "application/xml");
        return text_answer(status, std::move(text_) + "</" + root_ + ">", std::move(headers));
    }

private:
    std::string root_;
    std::string text_;
};

/// <Error>, which has no namespace.
inline answer error_answer(int status, std::string_view code, std::string_view sentence, const fields& elements,
                           fields headers = {}) {
    std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + escaped(code) +
                       "</Code><Message>" + escaped(sentence) + "</Message>";
    for (const auto& [name, value] : elements)
        text += "<" + name + ">" + escaped(value) + "</" + name + ">";
    headers.emplace_back("content-type", "application/xml");
    return text_answer(status, text + "<RequestId>STUB</RequestId><HostId>stub</HostId></Error>", std::move(headers));
}

} // namespace infra::storage::stub
