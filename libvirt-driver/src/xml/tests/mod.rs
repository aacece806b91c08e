mod answers;
mod changes;
mod round_trip;
mod trees;
