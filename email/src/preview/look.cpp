#include "look.hpp"

#include "../template/load.hpp"
#include "guard.hpp"

#include <infra/base/error.hpp>

#include <boost/json/serialize.hpp>

namespace infra::email::preview {
namespace {

email_template loaded(const std::string& directory, const wish& what, look& to) {
    const auto source = find_source(directory, what.name, what.locale);
    to.path = source.path;
    auto made = read_template(source, what.name);
    to.layout = made.layout;
    if (!made.layout.empty())
        read_layout(made, layout_source(directory, made));
    return made;
}

json::object sample_for(const std::string& directory, const wish& what, look& to) {
    if (what.data) {
        to.sample = spelled(*what.data);
        return *what.data;
    }
    auto sample = find_sample(directory, what.name, what.locale).value_or(template_sample());
    to.sample_path = std::move(sample.path);
    to.sample = spelled(sample.data);
    return std::move(sample.data);
}

void note_gaps(look& to, const email_template& t, const json::object& data) {
    try {
        render_template(t, data, {.strict = true});
    } catch (const error& e) {
        to.gaps = e.what();
    }
}

template <class Container, class Each>
std::string spelled_list(const Container& all, char open, char close, int indent, Each each) {
    if (all.empty())
        return {open, close};
    const std::string margin(static_cast<std::size_t>(indent) * 2, ' ');
    std::string made(1, open);
    for (const auto& item : all)
        made.append(made.size() == 1 ? "\n" : ",\n").append(margin).append("  ").append(each(item));
    return made.append("\n").append(margin) + close;
}

} // namespace

look look_at(const std::string& directory, const wish& what) {
    look made;
    try {
        const auto t = loaded(directory, what, made);
        const auto data = sample_for(directory, what, made);
        made.mail = render_template(t, data);
        note_gaps(made, t, data);
    } catch (const error& e) {
        made.problem = e.what();
        made.found = !made.path.empty();
    }
    return made;
}

std::string spelled(const json::value& v, int indent) {
    if (const auto* object = v.if_object())
        return spelled_list(*object, '{', '}', indent, [&](const auto& each) {
            return boost::json::serialize(each.key()) + ": " + spelled(each.value(), indent + 1);
        });
    if (const auto* array = v.if_array())
        return spelled_list(*array, '[', ']', indent,
                            [&](const json::value& each) { return spelled(each, indent + 1); });
    return json::to_text(v);
}

} // namespace infra::email::preview

namespace infra::email {

template_look look_at_template(const look_request& what) {
    return preview::look_at(what.directory, {.name = what.name, .locale = what.locale, .data = what.data});
}

http::response mail_frame(std::string_view html, frame_options how) {
    return preview::mail_response(preview::in_scheme(html, how.dark ? preview::scheme::dark : preview::scheme::light),
                                  how.images);
}

} // namespace infra::email
