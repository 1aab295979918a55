// A program with generics, closures and iterators, so that random addresses meet deep inline chains.
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::sync::{mpsc, Arc, Mutex};
use std::thread;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    Op(char),
}

trait Node: Send {
    fn value(&self, names: &HashMap<String, f64>) -> Result<f64, Error>;
}

#[derive(Debug)]
enum Error {
    Unknown(String),
    Syntax(usize),
    Io(std::io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Unknown(n) => write!(f, "unknown name {n:?}"),
            Error::Syntax(p) => write!(f, "syntax error at {p}"),
            Error::Io(e) => write!(f, "{e}"),
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(e: std::io::Error) -> Self {
        Error::Io(e)
    }
}

struct Leaf(Token);
struct Binary(char, Box<dyn Node>, Box<dyn Node>);

impl Node for Leaf {
    fn value(&self, names: &HashMap<String, f64>) -> Result<f64, Error> {
        match &self.0 {
            Token::Number(n) => Ok(*n),
            Token::Name(n) => names.get(n).copied().ok_or_else(|| Error::Unknown(n.clone())),
            Token::Op(_) => Err(Error::Syntax(0)),
        }
    }
}

impl Node for Binary {
    fn value(&self, names: &HashMap<String, f64>) -> Result<f64, Error> {
        let (a, b) = (self.1.value(names)?, self.2.value(names)?);
        Ok(match self.0 {
            '+' => a + b,
            '-' => a - b,
            '*' => a * b,
            _ => a / b,
        })
    }
}

fn tokens(text: &str) -> Result<VecDeque<Token>, Error> {
    let mut out = VecDeque::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_ascii_digit() {
            let mut s = String::from(c);
            while let Some((_, d)) = chars.next_if(|(_, d)| d.is_ascii_digit() || *d == '.') {
                s.push(d);
            }
            out.push_back(Token::Number(s.parse().map_err(|_| Error::Syntax(at))?));
        } else if c.is_alphabetic() {
            let mut s = String::from(c);
            while let Some((_, d)) = chars.next_if(|(_, d)| d.is_alphanumeric()) {
                s.push(d);
            }
            out.push_back(Token::Name(s));
        } else if !c.is_whitespace() {
            out.push_back(Token::Op(c));
        }
    }
    Ok(out)
}

fn term(t: &mut VecDeque<Token>, level: usize) -> Result<Box<dyn Node>, Error> {
    const OPS: [&[char]; 2] = [&['+', '-'], &['*', '/']];
    if level == OPS.len() {
        return t.pop_front().map(|x| Box::new(Leaf(x)) as Box<dyn Node>).ok_or(Error::Syntax(usize::MAX));
    }
    let mut left = term(t, level + 1)?;
    while let Some(Token::Op(c)) = t.front().cloned() {
        if !OPS[level].contains(&c) {
            break;
        }
        t.pop_front();
        left = Box::new(Binary(c, left, term(t, level + 1)?));
    }
    Ok(left)
}

fn main() -> Result<(), Error> {
    let (send, receive) = mpsc::channel::<(usize, Box<dyn Node>)>();
    let names = Arc::new(Mutex::new(HashMap::from([("x".to_string(), 2.0), ("y".to_string(), 3.5)])));
    let worker = {
        let names = names.clone();
        thread::spawn(move || {
            let mut results: BTreeMap<usize, Result<f64, Error>> = BTreeMap::new();
            for (line, node) in receive {
                let names = names.lock().unwrap();
                results.insert(line, node.value(&names));
            }
            results
        })
    };
    let mut seen = HashSet::new();
    for (number, line) in BufReader::new(std::io::stdin()).lines().enumerate() {
        let line = line?;
        if seen.insert(line.clone()) {
            let mut t = tokens(&line)?;
            send.send((number, term(&mut t, 0)?)).expect("worker lives");
        }
    }
    drop(send);
    let mut sorted: Vec<_> = worker.join().expect("worker ended").into_iter().collect();
    sorted.sort_by(|a, b| b.0.cmp(&a.0));
    let out = std::io::stdout();
    for (line, result) in sorted {
        match result {
            Ok(v) => writeln!(out.lock(), "{line}: {v:.3}")?,
            Err(e) => writeln!(out.lock(), "{line}: {e}")?,
        }
    }
    Ok(())
}
