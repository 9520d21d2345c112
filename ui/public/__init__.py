"""Standing in public: who may ask, how often, at what cost, and what is kept of it."""
