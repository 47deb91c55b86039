#include <infra/base/field.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace infra {

boost::json::value field_value::to_json() const { return as_.object.convert(as_.object.address); }

std::span<const field> fields::view(std::vector<field>& storage) const {
    if (!members_)
        return list_;
    for (const auto& member : *members_)
        storage.push_back({member.key(), member.value()});
    return storage;
}

} // namespace infra
