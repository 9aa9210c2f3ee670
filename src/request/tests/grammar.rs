//! The grammar of an UpdateExpression, parsed as such: what the reader's word by word rule is compared with.

/// Whether an expression makes the server read before it writes; `None` if it is none by the grammar.
pub fn reads_before_write(expression: &str) -> Option<bool> {
    let mut parser = Parser { rest: expression, reads: false };
    parser.expression()?;
    Some(parser.reads)
}

struct Parser<'a> {
    rest: &'a str,
    reads: bool,
}

impl<'a> Parser<'a> {
    /// Clauses up to the end.
    fn expression(&mut self) -> Option<()> {
        while !self.skip_space().is_empty() {
            match self.word()?.to_ascii_uppercase().as_str() {
                "SET" => self.actions(Parser::set)?,
                "REMOVE" => self.actions(Parser::path)?,
                "ADD" | "DELETE" => {
                    self.reads = true;
                    self.actions(|parser| parser.path().and_then(|()| parser.value_reference()))?;
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn actions(&mut self, action: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        action(self)?;
        while self.takes(',') {
            action(self)?;
        }
        Some(())
    }

    /// `path = operand`, `path = operand + operand` or `path = operand - operand`
    fn set(&mut self) -> Option<()> {
        self.path()?;
        self.takes('=').then_some(())?;
        self.operand()?;
        if self.takes('+') || self.takes('-') { self.operand() } else { Some(()) }
    }

    /// A value, a path, a function of operands, or one of these in parentheses.
    fn operand(&mut self) -> Option<()> {
        if self.takes('(') {
            self.operand()?;
            return self.takes(')').then_some(());
        }
        if self.skip_space().starts_with(':') {
            return self.value_reference();
        }
        let before = self.rest;
        if self.word().is_some() && self.takes('(') {
            self.actions(Parser::operand)?;
            return self.takes(')').then_some(());
        }
        self.rest = before;
        self.reads = true;
        self.path()
    }

    /// An attribute, or a place inside a document.
    fn path(&mut self) -> Option<()> {
        self.name()?;
        loop {
            if self.takes('.') {
                self.name()?;
            } else if self.takes('[') {
                self.skip_space();
                self.run(|byte| byte.is_ascii_digit())?;
                self.takes(']').then_some(())?;
            } else {
                return Some(());
            }
            self.reads = true;
        }
    }

    /// The name of an attribute, or `#` and what stands for one.
    fn name(&mut self) -> Option<()> {
        if self.takes('#') {
            return self.run(is_word).map(drop);
        }
        let word = self.word()?;
        let is_keyword = ["SET", "REMOVE", "ADD", "DELETE"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword));
        (!is_keyword).then_some(())
    }

    /// `:` and what stands for a value.
    fn value_reference(&mut self) -> Option<()> {
        self.takes(':').then_some(())?;
        self.run(is_word).map(drop)
    }

    fn word(&mut self) -> Option<&'a str> {
        self.skip_space().starts_with(|character: char| character.is_ascii_alphabetic()).then_some(())?;
        self.run(is_word)
    }

    /// One byte or more of that kind.
    fn run(&mut self, is_it: impl Fn(u8) -> bool) -> Option<&'a str> {
        let len = self.rest.bytes().take_while(|byte| is_it(*byte)).count();
        let (run, rest) = self.rest.split_at(len);
        self.rest = rest;
        (len > 0).then_some(run)
    }

    fn takes(&mut self, character: char) -> bool {
        let rest = self.skip_space().strip_prefix(character);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip_space(&mut self) -> &'a str {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        self.rest
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
