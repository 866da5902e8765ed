//! A page's elements and texts, in one list in the order of the page.

/// A node's place in its [`Tree`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(u32);

/// What a page consists of. The first node is the root, which stands for the document.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    data: Data,
    parent: Option<NodeId>,
    first: Option<NodeId>,
    last: Option<NodeId>,
    next: Option<NodeId>,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Data {
    Element(Element),
    Text(String),
}

/// A tag with the attributes that anything here asks for.
#[derive(Debug, Default)]
pub(crate) struct Element {
    /// In lower case, and empty where this crate knows nothing of the element.
    pub(crate) name: &'static str,
    /// The first of each name.
    pub(crate) attributes: Vec<(&'static str, String)>,
    /// Whether an element that begins a line of its own is somewhere below.
    pub(crate) holds_block: bool,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(one, _)| *one == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.attribute("id").filter(|id| !id.is_empty())
    }

    pub(crate) fn classes(&self) -> impl Iterator<Item = &str> {
        self.attribute("class")
            .unwrap_or_default()
            .split_ascii_whitespace()
    }

    pub(crate) fn has_class(&self, class: &str) -> bool {
        self.classes().any(|one| one == class)
    }
}

impl Tree {
    pub(crate) const ROOT: NodeId = NodeId(0);

    pub(crate) fn new() -> Self {
        let root = Node::new(Data::Element(Element::default()), None);
        Self { nodes: vec![root] }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Adds a node as its parent's last child. The caller keeps the tree below `u32::MAX` nodes.
    pub(crate) fn append(&mut self, parent: NodeId, data: Data) -> NodeId {
        let index =
            u32::try_from(self.nodes.len()).expect("a page is at most a few megabytes, and so many nodes");
        let id = NodeId(index);
        self.nodes.push(Node::new(data, Some(parent)));
        match self.node(parent).last {
            Some(last) => self.node_mut(last).next = Some(id),
            None => self.node_mut(parent).first = Some(id),
        }
        self.node_mut(parent).last = Some(id);
        id
    }

    /// Adds text after what `parent` has, to a text that is there if there is one.
    pub(crate) fn append_text(&mut self, parent: NodeId, text: &str) {
        if let Some(last) = self.node(parent).last
            && let Data::Text(before) = &mut self.node_mut(last).data
        {
            before.push_str(text);
            return;
        }
        self.append(parent, Data::Text(text.to_owned()));
    }

    /// Notes for all ancestors that they hold a block. Those that know it know it of all above them too.
    pub(crate) fn note_block(&mut self, mut id: NodeId) {
        while let Some(parent) = self.node(id).parent {
            let Data::Element(element) = &mut self.node_mut(parent).data else {
                return;
            };
            if element.holds_block {
                return;
            }
            element.holds_block = true;
            id = parent;
        }
    }

    pub(crate) fn element(&self, id: NodeId) -> Option<&Element> {
        match &self.node(id).data {
            Data::Element(element) => Some(element),
            Data::Text(_) => None,
        }
    }

    pub(crate) fn data(&self, id: NodeId) -> &Data {
        &self.node(id).data
    }

    pub(crate) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.node(id).parent
    }

    pub(crate) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.node(id).first, |one| self.node(*one).next)
    }

    /// Every element in the order in which they begin.
    pub(crate) fn elements(&self) -> impl Iterator<Item = (NodeId, &Element)> {
        (0u32..)
            .zip(&self.nodes)
            .filter_map(|(index, node)| match &node.data {
                Data::Element(element) => Some((NodeId(index), element)),
                Data::Text(_) => None,
            })
    }

    /// The texts below a node, in order and as they are written. Elements that `skip` picks are left out.
    pub(crate) fn text(&self, id: NodeId, skip: impl Fn(&Element) -> bool) -> String {
        let mut text = String::new();
        self.visit(id, skip, |data| {
            match data {
                Data::Text(one) => text.push_str(one),
                Data::Element(element) if element.name == "br" => text.push('\n'),
                Data::Element(_) => {}
            }
            true
        });
        text
    }

    /// Shows `see` all that is below a node, in order, until it says false.
    pub(crate) fn visit(
        &self,
        id: NodeId,
        skip: impl Fn(&Element) -> bool,
        mut see: impl FnMut(&Data) -> bool,
    ) {
        // One entry for each level, not for each call: nesting costs no stack.
        let mut rest = vec![self.node(id).first];
        while let Some(level) = rest.last_mut() {
            let Some(one) = *level else {
                rest.pop();
                continue;
            };
            *level = self.node(one).next;
            if let Data::Element(element) = self.data(one)
                && skip(element)
            {
                continue;
            }
            if !see(self.data(one)) {
                return;
            }
            rest.push(self.node(one).first);
        }
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id.0 as usize]
    }
}

impl Node {
    fn new(data: Data, parent: Option<NodeId>) -> Self {
        Self {
            data,
            parent,
            first: None,
            last: None,
            next: None,
        }
    }
}
