// Names, members, [ ].

#include <algorithm>

#include "filter/checker.h"
#include "filter/spine.h"

namespace spanlight::filter {
namespace {

constexpr std::size_t kMapEntriesMax =
    16;  // of a map in the text whose key is looked up in the record: each nests

std::string joined(const std::vector<std::string>& parts, std::size_t count) {
  std::string path;
  for (std::size_t i = 0; i < count; ++i) path += (i == 0 ? "" : ".") + parts[i];
  return path;
}

}  // namespace

const Checker::Bound* Checker::find_bound(const std::string& name) const {
  for (auto at = scope_.rbegin(); at != scope_.rend(); ++at)
    if (at->name == name) return &*at;
  return nullptr;
}

NodeIndex Checker::bound_value(const Bound& bound) {
  if (bound.is_slot) return tree_.bound(bound.slot, bound.type);
  // The element is read as where it was written: names of inner macros mean nothing there.
  const SyntaxIndex element = bound.element;
  const std::size_t outer = bound.scope;
  const Restored<std::vector<Bound>> scope(scope_);
  scope_.resize(outer);
  return check(element);
}

// The names from the first one on, and the node of each; empty where it does not begin with a name.
std::vector<std::string> Checker::path_of(SyntaxIndex index, std::vector<SyntaxIndex>& steps) const {
  std::vector<std::string> path;
  for (;;) {
    const Syntax& syntax = at(index);
    path.push_back(syntax.word);
    steps.push_back(index);
    if (syntax.kind == SyntaxKind::name) break;
    if (syntax.kind != SyntaxKind::member) return {};
    index = syntax.children[0];
  }
  std::reverse(path.begin(), path.end());
  std::reverse(steps.begin(), steps.end());
  return path;
}

bool Checker::fields_of(SyntaxIndex index, Side& side) const {
  const Syntax& fields = at(index);
  if (fields.kind != SyntaxKind::member || fields.word != "fields") return false;
  const Syntax& message = at(fields.children[0]);
  if (message.kind != SyntaxKind::name || (message.word != "request" && message.word != "response"))
    return false;
  side = message.word == "request" ? Side::request : Side::response;
  return true;
}

NodeIndex Checker::any_field(Side side, const std::string& name) {
  return tree_.field({name, side, {}}, FilterType::dynamic);
}

NodeIndex Checker::name_or_member(SyntaxIndex index) {
  std::vector<SyntaxIndex> steps;
  const std::vector<std::string> path = path_of(index, steps);
  if (path.empty()) return select(at(index), check(at(index).children[0]), at(index).word);
  Side side{};
  if (path.size() == 3 && fields_of(steps[1], side)) return any_field(side, path[2]);
  NodeIndex value = 0;
  std::size_t used = 0;
  if (const Bound* bound = find_bound(path[0])) {
    value = bound_value(*bound);
    used = 1;
  }
  for (std::size_t count = path.size(); used == 0 && count > 0; --count) {
    if (const Binding* binding = catalog_.find(joined(path, count))) {
      value = tree_.binding(*binding);
      used = count;
    }
  }
  if (used == 0) unknown(at(steps.back()), joined(path, path.size()));
  for (; used < path.size(); ++used) value = select(at(steps[used]), value, path[used]);
  return value;
}

// A member of a map is its element, as in request.headers.host.
NodeIndex Checker::select(const Syntax& syntax, NodeIndex from, const std::string& member) {
  const NodeIndex map = as_map(from);
  if (tree_.type(map) == FilterType::text_map)
    return tree_.binary(Op::map_get, FilterType::text, map, tree_.text(member));
  const std::string path = source(syntax);
  const std::string near = catalog_.nearest(path);
  wrong(syntax, source(at(syntax.children[0])) + " has no member \"" + member + "\".",
        near.empty() ? "" : "Is it " + near + '?');
}

void Checker::unknown(const Syntax& syntax, const std::string& path) const {
  for (const KflMissing& missing : kfl_missing())
    if (missing.name == path)
      wrong(syntax, "Spanlight has no " + path + '.', std::string(missing.instead) + '.');
  const std::string near = catalog_.nearest(path);
  throw Wrong{
      {syntax.position, syntax.length, "There is no \"" + path + "\".",
       near.empty() ? "A text stands in quotation marks: " + quoted(path) + '.' : "Is it " + near + '?',
       true}};
}

NodeIndex Checker::as_map(NodeIndex node) {
  const Node& value = tree_.at(node);
  return value.op == Op::variable && value.var == Var::query_string ? tree_.variable(Var::query_parameters)
                                                                    : node;
}

NodeIndex Checker::index(const Syntax& syntax) {
  const SyntaxIndex of = syntax.children[0], which = syntax.children[1];
  Side side{};
  if (fields_of(of, side)) {
    if (at(which).kind != SyntaxKind::text)
      wrong(at(which), "Which field must be said by a text.", "Write, say, request.fields[\"command\"].");
    if (at(which).word.empty()) wrong(at(which), "A field has a name.");
    return any_field(side, at(which).word);
  }
  if (at(of).kind == SyntaxKind::list) return index_of_list(syntax, at(of), which);
  if (at(of).kind == SyntaxKind::map) return index_of_map(syntax, at(of), which);
  const NodeIndex value = as_map(check(of));
  const NodeIndex key = as_text(check(which));
  const FilterType type = tree_.type(value), key_type = tree_.type(key);
  if (type == FilterType::text_map) {
    if (key_type != FilterType::text && key_type != FilterType::address)
      wrong(at(which), "The key of a map is a string, this is " + typed(key) + '.',
            tree_.is_constant(key) ? "Write it in quotation marks." : "");
    return tree_.binary(Op::map_get, FilterType::text, value, key);
  }
  if (type == FilterType::text_list || type == FilterType::integer_list) {
    if (key_type != FilterType::integer)
      wrong(at(which), "The place in a list is an int, this is " + typed(key) + '.',
            "Whether something is in it is asked with \"in\".");
    return tree_.binary(Op::list_at, type == FilterType::text_list ? FilterType::text : FilterType::integer,
                        value, key);
  }
  wrong(syntax, source(at(of)) + " is " + typed(value) + "; it has no elements.");
}

NodeIndex Checker::index_of_list(const Syntax& syntax, const Syntax& list, SyntaxIndex which) {
  const Syntax& place = at(which);
  if (place.kind != SyntaxKind::integer) wrong(place, "The place in this list must be a number.");
  if (place.integer < 0 || place.integer >= static_cast<std::int64_t>(list.children.size()))
    wrong(syntax, "The list has " + std::to_string(list.children.size()) + " elements; the first is 0.");
  return check(list.children[static_cast<std::size_t>(place.integer)]);
}

// key == first ? its value : key == second ? … : the zero of their type.
NodeIndex Checker::index_of_map(const Syntax& syntax, const Syntax& map, SyntaxIndex which) {
  const std::size_t entries = map.children.size() / 2;
  if (entries == 0 || entries > kMapEntriesMax)
    wrong(syntax, "A map that is looked up has 1 to " + std::to_string(kMapEntriesMax) + " entries.");
  const NodeIndex first = as_text(check(map.children[1]));
  if (tree_.type(first) >= FilterType::text_list)
    wrong(at(map.children[1]), "The values of this map cannot be " + typed(first) + "s.");
  NodeIndex value = tree_.zero(tree_.type(first));
  for (std::size_t i = entries; i-- > 0;) {
    const NodeIndex key = check(map.children[2 * i]);
    const NodeIndex same = compare(syntax, Comparison::equal, check(which), key);
    value = unified(syntax, same, check(map.children[2 * i + 1]), value);
  }
  return value;
}

}  // namespace spanlight::filter
