"""The ground floor of the house: accounts, settings, clock, money and looks. It knows no opportunity."""
